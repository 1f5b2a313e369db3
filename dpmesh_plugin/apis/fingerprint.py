"""A checksum of persons, by which is known whether they are the same as before."""

import hashlib
from collections.abc import Mapping, Sequence

from .person import Person


def fingerprint(groups: Mapping[int, Sequence[Person]] | Mapping[str, Sequence[Person]]) -> str:
    """A checksum of all persons, keypoints, scores and boxes.

    Args:
        groups: Persons by number of the frame, or by name of the image.
    """
    sha = hashlib.sha256()
    for group, persons in sorted(groups.items()):
        for person in persons:
            box = b'' if person.bbox_xywh is None else person.bbox_xywh.tobytes()
            sha.update(f'{group} {person.person_id} {person.keypoint_set} '.encode())
            sha.update(person.keypoints.tobytes() + person.scores.tobytes() + box)
    return sha.hexdigest()
