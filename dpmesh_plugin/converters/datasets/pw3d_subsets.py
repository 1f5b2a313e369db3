"""Which frames belong to the occlusion subsets of 3DPW."""

from .frame_lists import Frames

# Object-occluded sequences (without their number) and person-occluded frames, first and the one
# after the last, of all splits: as in the public loader of ROMP (romp/lib/dataset/pw3d.py).
SUBSETS = {
    'oc': Frames(
        dict.fromkeys(
            [
                'courtyard_backpack',
                'courtyard_basketball',
                'courtyard_bodyScannerMotions',
                'courtyard_box',
                'courtyard_golf',
                'courtyard_jacket',
                'courtyard_laceShoe',
                'downtown_stairs',
                'flat_guitar',
                'flat_packBags',
                'outdoors_climbing',
                'outdoors_crosscountry',
                'outdoors_fencing',
                'outdoors_freestyle',
                'outdoors_golf',
                'outdoors_parcours',
                'outdoors_slalom',
            ]
        ),
        by_prefix=True,
    ),
    'pc': Frames(
        {
            'courtyard_basketball_00': (200, 280),
            'courtyard_captureSelfies_00': (500, 600),
            'courtyard_dancing_00': (60, 370),
            'courtyard_dancing_01': (60, 270),
            'courtyard_hug_00': (100, 500),
            'downtown_bus_00': (1620, 1900),
        }
    ),
}
