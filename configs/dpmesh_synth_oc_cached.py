"""DPMesh at its published size on SynthOC, trained on latents that were encoded before.

First: python tools/dataset_converters/cache_latents.py configs/dpmesh_synth_oc_cached.py START.pth
then train with load_from=START.pth. An epoch meets one of four fixed draws of every person.
"""

_base_ = './dpmesh_synth_oc.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='LatentCacheDataset',
        cache='latents_train',
        views=4,
        dataset=dict(
            _base_.train_dataloader.dataset,
            pipeline=_base_.train_pipeline[:-1],
        ),
    ),
)
