"""Where an untrained head starts: a standing person in the middle of the crop."""

OUTPUT_GAIN = 0.01
"""Xavier gain of the layers that give the numbers of the body: the first predictions stay near the
start."""

UPRIGHT_6D = (1.0, 0.0, 0.0, -1.0, 0.0, 0.0)
"""A standing person who faces the camera: half a turn about x from y up to y down."""

START_BETAS = (0.0,) * 10

START_CAMERA = (0.0, 0.0, 2.0)
"""Raw camera output at which the crop spans 2.2 m at the person's depth, as a fitted box does."""
