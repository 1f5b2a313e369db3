"""Published numbers and where they stand.

All rows are those of one table: the comparison on occlusion benchmarks of DPMesh (Zhu et al., CVPR
2024, arXiv:2404.01424), as its release shows it (``assets/table.png`` of
github.com/EternalEvan/DPMesh). The numbers of other methods are those this table gives; their own
papers may state others.
"""

from dataclasses import dataclass
from typing import Any

SOURCE = (
    'comparison table of DPMesh, arXiv:2404.01424 (assets/table.png of '
    'github.com/EternalEvan/DPMesh); no number of samples is stated'
)
_METRICS = ('MPJPE', 'PA-MPJPE', 'MPVPE')
# What the release's evaluation does. It has none for 3DOH, so that nothing is known of its joints.
_RELEASED = {'joint_set': 'h36m_14', 'root': 'pelvis'}
_ROWS: dict[str, dict[str, tuple[float | None, float | None, float | None]]] = {
    '3DPW (oc)': {
        'SPIN': (95.5, 60.7, 121.4),
        'PyMAF': (89.6, 59.1, 113.7),
        'ROMP': (91.0, 62.0, None),
        'OCHMR': (112.2, 75.2, 145.9),
        'PARE': (83.5, 57.0, 101.5),
        '3DCrowdNet': (83.5, 57.1, 101.5),
        'JOTR': (75.7, 52.2, 92.6),
        'DPMesh': (70.9, 48.0, 88.0),
    },
    '3DPW (pc)': {
        'SPIN': (122.1, 77.5, 159.8),
        'PyMAF': (117.5, 74.5, 154.6),
        'ROMP': (98.7, 69.0, None),
        'PARE': (95.8, 64.5, 122.4),
        '3DCrowdNet': (90.9, 64.4, 114.8),
        'JOTR': (86.5, 58.3, 109.7),
        'DPMesh': (82.2, 56.6, 105.4),
    },
    '3DPW (crowd)': {
        'SPIN': (121.2, 69.9, 144.1),
        'PyMAF': (115.7, 66.4, 147.5),
        'ROMP': (104.8, 63.9, 127.8),
        'PARE': (94.9, 57.5, 117.6),
        '3DCrowdNet': (85.8, 55.8, 108.5),
        'JOTR': (82.4, 52.0, 103.4),
        'DPMesh': (79.9, 51.1, 101.5),
    },
    '3DOH50K (test)': {
        'SPIN': (110.5, 71.6, 124.2),
        'PyMAF': (101.6, 67.7, 116.6),
        'PARE': (109.0, 63.8, 117.4),
        '3DCrowdNet': (102.8, 61.6, 111.8),
        'JOTR': (98.7, 59.3, 104.8),
        'DPMesh': (97.1, 59.0, 106.4),
    },
}


@dataclass(frozen=True)
class PublishedRow:
    """Numbers of one method on one data set, mm.

    Args:
        method: Name of the method.
        metrics: Values by name; None where the table has none.
        facts: What is known of the protocol.
    """

    method: str
    metrics: dict[str, float | None]
    facts: dict[str, Any]


PUBLISHED = tuple(
    PublishedRow(
        method,
        dict(zip(_METRICS, values, strict=True)),
        {'dataset': dataset} | (_RELEASED if dataset.startswith('3DPW') else {}),
    )
    for dataset, rows in _ROWS.items()
    for method, values in rows.items()
)
