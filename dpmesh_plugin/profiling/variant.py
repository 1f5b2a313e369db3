"""Ways to run one model, to be compared."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

DTYPES = ('float32', 'bfloat16', 'float16')


@dataclass(frozen=True)
class Variant:
    """One way to run a model. The defaults run it as its config describes it.

    Args:
        batch_size: Crops per pass.
        dtype: One of ``DTYPES``: the type of backbone and neck, or that of autocast in training.
        channels_last: Whether convolutions keep the channels of a pixel together.
        merge_lora: Whether adapters are folded into the weights.
        pack_weights: Whether weights are reordered for a CPU once.
        compile: Whether ``torch.compile`` is used.
        latents: Whether crops come encoded, as ``LatentCacheDataset`` gives them.
        half_frozen: Whether training keeps frozen weights in ``dtype``.
        checkpointing: Whether training keeps only the inputs of the layers of the backbone.

    Raises:
        ValueError: unknown type, or no crop in a batch.
    """

    batch_size: int = 1
    dtype: str = 'float32'
    channels_last: bool = False
    merge_lora: bool = False
    pack_weights: bool = False
    compile: bool = False
    latents: bool = False
    half_frozen: bool = False
    checkpointing: bool = False

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(f'expected dtype out of {", ".join(DTYPES)}, got {self.dtype!r}')
        if self.batch_size < 1:
            raise ValueError(f'expected a batch size of at least 1, got {self.batch_size}')

    @property
    def torch_dtype(self) -> torch.dtype:
        """The type as torch knows it."""
        return getattr(torch, self.dtype)

    @property
    def preparation(self) -> 'Variant':
        """The variant but for its batch size: variants with equal ones can share a model."""
        return replace(self, batch_size=1)

    def __str__(self) -> str:
        options = {
            'channels-last': self.channels_last,
            'merged LoRA': self.merge_lora,
            'packed weights': self.pack_weights,
            'compiled': self.compile,
            'encoded crops': self.latents,
            'frozen weights too': self.half_frozen,
            'checkpointing': self.checkpointing,
        }
        chosen = [name for name, on in options.items() if on]
        return ', '.join([self.dtype, f'batch {self.batch_size}', *chosen])


def variants_of(
    batch_sizes: Sequence[int],
    dtypes: Sequence[str],
    plain_dtype: str | None = None,
    **options: bool,
) -> list[Variant]:
    """The plain model, then every type and batch size with the options.

    Args:
        batch_sizes: Batch sizes; the plain model runs with the first.
        dtypes: Types.
        plain_dtype: Type of the plain model; the first of ``dtypes`` by default.
        options: Options of :class:`Variant`.
    """
    plain = Variant(batch_sizes[0], plain_dtype or dtypes[0])
    wanted = [
        Variant(batch_size, dtype, **options) for dtype in dtypes for batch_size in batch_sizes
    ]
    return [plain, *(variant for variant in wanted if variant != plain)]
