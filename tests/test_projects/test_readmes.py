from pathlib import Path

import pytest

PROJECTS = Path(__file__).resolve().parents[2] / 'projects'
READMES = [*sorted(PROJECTS.glob('*/README.md')), PROJECTS / 'README_template.md']


@pytest.mark.parametrize('readme', READMES, ids=lambda path: path.parent.name)
def test_a_project_says_how_far_it_is(readme):
    text = readme.read_text()
    for heading in ('## Use', '## Results', '## Milestones'):
        assert f'\n{heading}\n' in text, f'{readme}: see projects/README_template.md'
    milestones = [line[6:] for line in text.splitlines() if line.startswith(('- [ ]', '- [x]'))]
    names = ('Milestone 1: design', 'Milestone 2: full implementation', 'Milestone 3: ready for')
    assert [line.startswith(name) for line, name in zip(milestones, names, strict=True)] == [
        True
    ] * 3


@pytest.mark.parametrize('readme', READMES[:-1], ids=lambda path: path.parent.name)
def test_a_project_is_listed_and_tested(readme):
    name = readme.parent.name
    assert f'({name}/README.md)' in (PROJECTS / 'README.md').read_text()
    assert (Path(__file__).parent / f'test_{name}.py').is_file()
