from pathlib import Path

import cv2
import pytest

sphinx = pytest.importorskip('sphinx', reason='pip install -r requirements/docs.txt')


def test_the_pages_build_without_a_warning(run_tool, repo_root, tmp_path):
    program = str(Path(sphinx.__file__).parent / '__main__.py')
    arguments = ['-W', '--keep-going', '-q', '-b', 'html', '-d', str(tmp_path / 'doctrees')]
    code, output = run_tool([program, *arguments, str(repo_root / 'docs'), str(tmp_path / 'html')])
    assert code == 0, output
    assert not [line for line in output.splitlines() if 'WARNING' in line or 'ERROR' in line]
    built = {path.stem for path in (tmp_path / 'html').glob('*.html')}
    assert {path.stem for path in (repo_root / 'docs').glob('*.md')} <= built
    models = (tmp_path / 'html/generated/api/models.html').read_text()
    assert 'KeypointConditionNeck' in models
    assert 'heatmap_sigma' in models


@pytest.mark.parametrize('name', ['conventions', 'way_of_the_data'])
def test_the_figures_are_those_of_their_scripts(name, run_tool, repo_root, tmp_path):
    script, drawn = repo_root / 'docs' / 'figures' / f'{name}.py', tmp_path / 'figure.png'
    code, output = run_tool([str(script), str(drawn)])
    assert code == 0, output
    new, kept = (cv2.imread(str(path)) for path in (drawn, script.with_suffix('.png')))
    assert new.shape == kept.shape
    # Fonts and renderers differ a little between versions; what is shown does not.
    assert abs(new.astype(int) - kept).mean() < 6
