import math

import pytest

from dpmesh_plugin.apis import VideoOptions


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'max_gap': -1}, r'max_gap \(--max-gap\) of 0 frames or more, got -1'),
        ({'webcam_seconds': 0.0}, r'webcam_seconds \(--webcam-seconds\) above 0 s.*, got 0\.0'),
        ({'webcam_seconds': -2.0}, r'above 0 s, or None to record until .*, got -2\.0'),
        ({'webcam_seconds': math.nan}, 'above 0 s.*, got nan'),
    ],
)
def test_impossible_times_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        VideoOptions(**options)


def test_the_shortest_times_are_allowed():
    options = VideoOptions(max_gap=0, webcam_seconds=0.1)
    assert (options.max_gap, options.webcam_seconds) == (0, 0.1)
    assert VideoOptions().webcam_seconds is None
