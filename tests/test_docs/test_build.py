from pathlib import Path

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
