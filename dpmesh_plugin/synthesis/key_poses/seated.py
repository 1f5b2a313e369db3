"""Key poses on seats."""

from .notation import Figure

_ON_CHAIR = ((0.14, -0.06, 1), (0.08, -1, 0.04))
_ON_THIGH = ((0.2, -1, 0.22), (-0.02, -0.35, 1))

FIGURES = (
    Figure(name='sit_upright', family='seat', legs=_ON_CHAIR, arms=_ON_THIGH),
    Figure(
        name='sit_relaxed',
        family='seat',
        hips=(-16, 0, 0),
        back=(4, 0, 0),
        head=(14, 0, 0),
        legs=((0.22, -0.02, 1), (0.16, -1, 0.35)),
        arms=((0.35, -1, 0.15), (-0.25, -0.3, 0.9)),
    ),
    Figure(
        name='sit_legs_crossed',
        family='seat',
        back=(4, 0, 0),
        left_leg=((-0.05, 0.22, 1), (-0.12, -0.95, 0.42)),
        left_foot='relaxed',
        right_leg=((0.0, -0.08, 1), (0.05, -1, 0.02)),
        arms=((0.25, -0.95, 0.3), (-0.35, -0.1, 0.9)),
    ),
    Figure(
        name='sit_ankle_on_knee',
        family='seat',
        hips=(-8, 0, 0),
        left_leg=((0.55, 0.42, 0.85), (-0.92, -0.22, 0.22)),
        left_foot='relaxed',
        right_leg=((0.02, -0.14, 1), (0.02, -1, 0.04)),
        arms=((0.6, -0.8, 0.05), (0.2, -0.15, 0.9)),
    ),
    Figure(
        name='sit_typing',
        family='seat',
        legs=_ON_CHAIR,
        back=(8, 0, 0),
        head=(10, 0, 0),
        arms=((0.16, -0.95, 0.35), (-0.18, 0.12, 1)),
    ),
    Figure(
        name='sit_elbows_on_knees',
        family='seat',
        hips=(22, 0, 0),
        back=(28, 0, 0),
        head=(-12, 0, 0),
        legs=((0.3, -0.04, 1), (0.1, -1, -0.08)),
        arms=((0.12, -0.85, 0.6), (-0.32, 0.1, 1)),
    ),
    Figure(
        name='sit_eating',
        family='seat',
        legs=_ON_CHAIR,
        back=(10, 0, 0),
        head=(12, 0, 0),
        left_arm=((0.35, -0.8, 0.5), (-0.35, 0.75, 0.5)),
        right_arm=((0.2, -0.95, 0.4), (-0.35, 0.05, 0.95)),
    ),
    Figure(
        name='sit_raising_hand',
        family='seat',
        legs=_ON_CHAIR,
        left_arm=((0.2, 1, 0.1), (0.08, 1, 0.1)),
        right_arm=_ON_THIGH,
    ),
    Figure(
        name='sit_driving',
        family='seat',
        hips=(-14, 0, 0),
        legs=((0.16, 0.12, 1), (0.1, -0.8, 0.75)),
        feet='relaxed',
        arms=((0.2, -0.5, 0.85), (-0.12, 0.25, 1)),
    ),
    Figure(
        name='sit_hands_behind_head',
        family='seat',
        hips=(-14, 0, 0),
        legs=((0.18, -0.02, 1), (0.1, -1, 0.3)),
        arms=((1, 0.42, 0.1), (-0.82, 0.4, -0.4)),
    ),
    Figure(
        name='sit_turned',
        family='seat',
        legs=_ON_CHAIR,
        back=(2, 34, 0),
        head=(0, 36, 0),
        left_arm=((0.5, -0.85, -0.2), (0.2, -0.6, 0.5)),
        right_arm=((0.2, -0.8, 0.5), (-0.6, -0.1, 0.75)),
    ),
    Figure(
        name='sit_on_edge_legs_long',
        family='seat',
        hips=(-4, 0, 0),
        legs=((0.16, -0.4, 1), (0.1, -0.7, 0.75)),
        arms=((0.35, -1, -0.3), (0.25, -1, -0.05)),
        feet='relaxed',
    ),
)
