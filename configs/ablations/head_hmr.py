"""Head: iterative regression (HMR) with the terms of the base that it can serve."""

_base_ = './base.py'

model = dict(
    head=dict(
        _delete_=True,
        type='HMRHead',
        body_model=_base_.body_model,
        objective=dict(
            type='MeshLoss',
            terms={
                name: term
                for name, term in _base_.model.head.objective.terms.items()
                if name != 'body_joint_img'
            },
        ),
    )
)
