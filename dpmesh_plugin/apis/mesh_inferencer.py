"""From photographs with given keypoints to meshes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.infer import BaseInferencer
from mmengine.registry import init_default_scope
from rich.progress import track
from torch import nn

from dpmesh_plugin.engine.checkpoint import file_sha256, load_weights, read_checkpoint
from dpmesh_plugin.registry import MODELS, SCOPE
from dpmesh_plugin.rendering import draw_people
from dpmesh_plugin.utils.config import load_config
from dpmesh_plugin.visualization import save_image

from .image_job import ImageJob
from .inference_report import (
    InferenceReport,
    Problem,
    list_images,
    output_names,
    resolve_device,
)
from .keypoint_files import KeypointFile, read_keypoints
from .keypoint_formats import Person
from .mesh_file import ImageMeshes, save_meshes

# Of a test pipeline, what reads the image (done once for all its persons) and what needs labels.
_NOT_FOR_INFERENCE = ('LoadMeshImage', 'BodyModelKeypoints')
# What a damaged image, a strange entry of the keypoint file or an unusable person raise.
_INPUT_ERRORS = (OSError, ValueError, KeyError)


class MeshInferencer(BaseInferencer):
    """Meshes of the people in photographs whose 2D keypoints are given.

    The prompt, the crop and the model are those of the config's tests. Without known intrinsics the
    focal length is the diagonal of the image and the principal point its middle, as published.

    Example:
        >>> inferencer = MeshInferencer('configs/dpmesh_3dpw_oc.py', 'ckpt.pth')
        >>> report = inferencer('photos/', keypoints='photos/keypoints.json')
        >>> report.meshes[0].vertices.shape
        (3, 6890, 3)

    Args:
        config: Config file, or a config.
        checkpoint: ``.pth`` or ``.safetensors`` file; must fit the model exactly.
        device: ``'auto'``, ``'cpu'``, ``'cuda'``, ``'cuda:N'`` or ``'mps'``.
        cfg_options: Entries to change in a config file, by dotted key.
        show_progress: Whether to show a progress bar over the images.

    Raises:
        FileNotFoundError: config or checkpoint are missing.
        ValueError: the checkpoint does not fit, or the device is not there.
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path,
        *,
        device: str = 'auto',
        cfg_options: Mapping[str, Any] | None = None,
        show_progress: bool = False,
    ) -> None:
        init_default_scope(SCOPE)
        device = resolve_device(device)
        # Building a model of full size takes a while; a wrong file is better known before.
        read_checkpoint(checkpoint, map_location='meta')
        self.config_name = str(getattr(config, 'filename', config))
        self.checkpoint = str(checkpoint)
        cfg = config if isinstance(config, Config) else load_config(config, cfg_options)
        super().__init__(
            cfg, self.checkpoint, device=device, scope=SCOPE, show_progress=show_progress
        )

    def __call__(
        self,
        inputs: str | Path | Sequence[str | Path],
        *,
        keypoints: str | Path | KeypointFile,
        out_dir: str | Path | None = None,
        batch_size: int = 8,
        focal_length: float | None = None,
        keypoint_set: str | None = None,
        draw: bool = True,
    ) -> InferenceReport:
        """Process images. One that cannot be read, or is not in the file, does not stop the rest.

        Args:
            inputs: Image, folder of images, or list of images.
            keypoints: Keypoint file (see :func:`~.keypoint_files.read_keypoints`), or its content.
            out_dir: Folder for ``NAME.npz`` (see :class:`~.mesh_file.ImageMeshes`),
                ``NAME_overlay.jpg`` and ``summary.json``. Without it the report holds the meshes.
            batch_size: Persons per pass of the model, also of several images.
            focal_length: Focal length of all images, px.
            keypoint_set: Set of the joints, for keypoint files that do not state it.
            draw: Whether to draw overlays.

        Raises:
            FileNotFoundError: no image, or no keypoint file.
            ValueError: see :func:`~.keypoint_files.read_keypoints`.
            KeyError: as above.
        """
        images = list_images(inputs)
        names = output_names(images)
        if not isinstance(keypoints, KeypointFile):
            keypoints = read_keypoints(keypoints, keypoint_set=keypoint_set)
        if out_dir is not None:
            Path(out_dir).mkdir(parents=True, exist_ok=True)
        report = InferenceReport()
        for job in self._predict(images, keypoints, focal_length, batch_size, report.problems):
            meshes = self.postprocess(job)
            picture = self.visualize(job, meshes) if draw else None
            entry = {'image': str(job.path), 'persons': meshes.num_persons}
            if out_dir is not None:
                entry |= _write(Path(out_dir) / names[job.path], meshes, picture)
            else:
                report.meshes.append(meshes)
                report.pictures += [] if picture is None else [picture]
            report.images.append(entry)
        if out_dir is not None:
            report.save(Path(out_dir) / 'summary.json', **self._facts(keypoints))
        return report

    def preprocess(
        self,
        inputs: Sequence[Path],
        keypoints: KeypointFile,
        focal_length: float | None,
        problems: list[Problem],
    ) -> Iterator[tuple[ImageJob, dict]]:
        """Crops of all persons, image after image, each with the image it belongs to.

        Args:
            inputs: Images.
            keypoints: Persons by image.
            focal_length: As in the call.
            problems: What cannot be used is added here.
        """
        for path in track(inputs, 'Images', disable=not self.show_progress):
            try:
                entry = keypoints.find(path)
                job = ImageJob.open(path, entry, focal_length)
            except _INPUT_ERRORS as error:
                problems.append(Problem(str(path), _words(error)))
                continue
            if not entry.persons:
                problems.append(Problem(str(path), f'{keypoints.path} has no person for it'))
            crops = self._crops(job, entry.persons, problems)
            job.num_pending = len(crops)
            yield from ((job, crop) for crop in crops)

    def visualize(self, job: ImageJob, meshes: ImageMeshes) -> np.ndarray:
        """All persons over the image, nearer ones in front: (H, W, 3) uint8 RGB."""
        return draw_people(job.image, list(meshes.vertices), meshes.faces, meshes.intrinsics)

    def postprocess(self, job: ImageJob) -> ImageMeshes:
        """The predictions of an image in the camera of the whole image."""
        return job.meshes(self.model.head.body_model)

    def _predict(
        self,
        images: Sequence[Path],
        keypoints: KeypointFile,
        focal_length: float | None,
        batch_size: int,
        problems: list[Problem],
    ) -> Iterator[ImageJob]:
        """Images, each as soon as all its persons have come out of the model."""
        crops = self.preprocess(images, keypoints, focal_length, problems)
        for batch in self._get_chunk_data(crops, batch_size):
            outputs = self.forward(self.collate_fn([crop for _, crop in batch]))
            for (job, _), sample in zip(batch, outputs, strict=True):
                problem = job.receive(sample)
                if problem is not None:
                    problems.append(problem)
                if not job.num_pending and job.samples:
                    yield job

    def _crops(
        self, job: ImageJob, persons: Sequence[Person], problems: list[Problem]
    ) -> list[dict]:
        """Crop and sample of every person that can be used."""
        crops = []
        for person in persons:
            try:
                crops.append(self.pipeline(job.sample_of(person)))
            except ValueError as error:
                problems.append(Problem(str(job.path), str(error), person.person_id))
        return crops

    def _facts(self, keypoints: KeypointFile) -> dict[str, str]:
        return {
            'config': self.config_name,
            'checkpoint': self.checkpoint,
            'checkpoint_sha256': file_sha256(self.checkpoint),
            'keypoints': str(keypoints.path),
            'body_model': self.model.head.body_model.model_id,
        }

    def _init_model(self, cfg: Config, weights: str, device: str) -> nn.Module:
        model = MODELS.build(cfg.model)
        load_weights(model, weights)
        return model.to(device).eval()

    def _init_pipeline(self, cfg: Config) -> Compose:
        transforms = cfg.test_dataloader.dataset.pipeline
        return Compose([t for t in transforms if t['type'] not in _NOT_FOR_INFERENCE])

    def _init_collate(self, cfg: Config) -> Any:
        return pseudo_collate

    def _init_visualizer(self, cfg: Config) -> None:
        """Overlays of whole images need no visualizer of crops."""


def _write(stem: Path, meshes: ImageMeshes, picture: np.ndarray | None) -> dict[str, str]:
    """Write the files of one image; their names."""
    files = {'meshes': f'{stem.name}.npz'}
    save_meshes(meshes, stem.with_name(files['meshes']))
    if picture is not None:
        files['overlay'] = f'{stem.name}_overlay.jpg'
        save_image(picture, stem.with_name(files['overlay']))
    return files


def _words(error: Exception) -> str:
    """The message of an error (KeyError puts quotes around it)."""
    return str(error.args[0]) if isinstance(error, KeyError) else str(error)
