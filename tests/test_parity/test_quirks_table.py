import re


def test_every_test_of_the_table_exists(repo_root):
    text = (repo_root / 'docs/quirks.md').read_text()
    references = re.findall(r'(tests/[\w/]+\.py)::(\w+)', text)
    assert len(references) > 20
    for path, name in references:
        assert f'def {name}(' in (repo_root / path).read_text(), f'{path}::{name}'


def test_every_quirk_has_a_row(repo_root):
    rows = re.findall(r'^\| (Q[^|]+) \|', (repo_root / 'docs/quirks.md').read_text(), re.M)
    numbers = [int(number) for row in rows for number in re.findall(r'\d+', row)]
    assert sorted(numbers) == list(range(1, 25))
