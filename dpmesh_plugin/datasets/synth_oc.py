"""SynthOC, generated scenes in the layout of 3DPW."""

from collections.abc import Mapping

from dpmesh_plugin.registry import DATASETS

from .pw3d import PW3DDataset, Subset


@DATASETS.register_module()
class SynthOCDataset(PW3DDataset):
    """People of SynthOC; arguments and errors are those of :class:`PW3DDataset`.

    The files say by which body model they were made.
    """

    METAINFO: dict = PW3DDataset.METAINFO | {'dataset_name': 'SynthOC'}
    SUBSETS: Mapping[str, Subset] = {
        'train': Subset('synth_oc_train.json'),
        'validation': Subset('synth_oc_val.json'),
        'test': Subset('synth_oc_test.json'),
    }
    LAYOUT = (
        'synth_oc_train.json, synth_oc_val.json and synth_oc_test.json, each where it was asked '
        'for, and imageFiles/, all written by python tools/dataset_converters/make_synth_oc.py '
        '--out DATA_ROOT --train 2000 --val 200 --test 200 --seed 0'
    )
