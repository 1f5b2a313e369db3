import numpy as np

from dpmesh_plugin.evaluation.published import PUBLISHED, SOURCE


def test_rows_of_the_release(shared_dir):
    """The numbers of DPMesh stand in two places; both must say the same."""
    text = (shared_dir / 'parity' / 'README.md').read_text()
    stated = text[text.index('Published results') :].splitlines()[0]
    rows = {row.facts['dataset']: row.metrics for row in PUBLISHED if row.method == 'DPMesh'}
    for values in rows.values():
        assert ' / '.join(f'{value:.1f}' for value in values.values()) in stated
    assert len(rows) == 4


def test_every_row_names_data_set_and_metrics():
    assert 'arXiv:2404.01424' in SOURCE
    for row in PUBLISHED:
        assert list(row.metrics) == ['MPJPE', 'PA-MPJPE', 'MPVPE']
        values = [value for value in row.metrics.values() if value is not None]
        assert np.all(np.diff([values[1], values[0]]) > 0)
        assert row.facts['dataset'].partition(' (')[0] in ('3DPW', '3DOH50K')
