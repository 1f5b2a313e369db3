"""From photographs and videos to meshes."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.infer import BaseInferencer
from mmengine.registry import init_default_scope
from torch import nn

from dpmesh_plugin.engine.checkpoint import load_weights
from dpmesh_plugin.engine.inference import optimize_for_inference
from dpmesh_plugin.models import MeshEstimator
from dpmesh_plugin.registry import MODELS, SCOPE
from dpmesh_plugin.utils.checkpoint_file import file_sha256, read_checkpoint
from dpmesh_plugin.utils.config import load_config, loader_of
from dpmesh_plugin.utils.device import resolve_device

from .detectors import BaseDetector, build_detector
from .given_keypoints import GivenKeypoints, check_meant_image, given_keypoints
from .image_inputs import ImageInput, note_camera, open_images, split_inputs
from .image_job import Camera, ImageJob
from .inference_report import InferenceReport, Problem, make_folder, output_names
from .mesh_file import ImageMeshes
from .overlays import draw_overlay
from .person import Person
from .photo_pipeline import MIN_KEYPOINTS, photo_pipeline, photo_steps
from .progress import progress_bars
from .video_inference import VideoModel, VideoRun
from .video_options import VideoOptions
from .webcam import record_webcams


class MeshInferencer(BaseInferencer):
    """Meshes of the people in photographs and videos.

    Their 2D keypoints are given, or found by the ``detector`` of the config. The prompt, the crop
    and the model are those of the config's tests, but for :func:`.photo_pipeline`. Without
    known intrinsics the focal length is the diagonal of the image and the principal point its
    middle, as published.

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
        min_keypoints: People with fewer keypoints above the threshold of the prompt are left out,
            as nothing says where their body is; 0 for a model that takes no keypoints.
        show_progress: Whether to show progress bars over images and frames.

    Raises:
        FileNotFoundError: config or checkpoint are missing.
        ValueError: the model predicts no mesh, the checkpoint does not fit, the device is not
            there, or ``min_keypoints`` is below 0.
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path,
        *,
        device: str = 'auto',
        cfg_options: Mapping[str, Any] | None = None,
        min_keypoints: int = MIN_KEYPOINTS,
        show_progress: bool = False,
    ) -> None:
        if min_keypoints < 0:
            raise ValueError(
                f'expected min_keypoints (--min-keypoints) of 0 or more, got {min_keypoints}; 0 is '
                'for models that take no keypoints'
            )
        init_default_scope(SCOPE)
        self._device = device = resolve_device(device)
        # Building a model of full size takes a while; a wrong file is better known before.
        read_checkpoint(checkpoint, map_location='meta')
        self.min_keypoints = min_keypoints
        self.config_name = str(getattr(config, 'filename', config))
        self.checkpoint = str(checkpoint)
        cfg = config if isinstance(config, Config) else load_config(config, cfg_options)
        super().__init__(
            cfg, self.checkpoint, device=device, scope=SCOPE, show_progress=show_progress
        )

    def __call__(
        self,
        inputs: ImageInput | Sequence[ImageInput],
        *,
        keypoints: GivenKeypoints | None = None,
        out_dir: str | Path | None = None,
        batch_size: int = 8,
        focal_length: float | None = None,
        intrinsics: np.ndarray | None = None,
        keypoint_set: str | None = None,
        draw: bool = True,
        apply_exif: bool | None = None,
        video: VideoOptions | None = None,
    ) -> InferenceReport:
        """Process images and videos. What cannot be read is reported and does not stop the rest.

        Args:
            inputs: Image, folder of images, pattern such as ``'photos/*.jpg'``, video, array
                (H, W, 3) uint8 RGB, ``'webcam'`` or ``'webcam:1'``, or a list of these.
            keypoints: Keypoint file, its content, an array (P, K, 3) of the people of one image, or
                another detector (see :func:`~.given_keypoints.given_keypoints`); None for the
                detector of the config. Images that are arrays are named by their position:
                ``000000``.
            out_dir: Folder for ``NAME.npz`` (see :class:`~.mesh_file.ImageMeshes`),
                ``NAME_overlay.jpg``, of videos what :class:`~.video_inference.VideoRun` writes,
                and ``summary.json``. Without it the report holds the meshes of images.
            batch_size: Persons per pass of the model, also of several images.
            focal_length: Focal length of all inputs, px.
            intrinsics: Camera matrix (3, 3) of all inputs, px, in the place of ``focal_length``.
            keypoint_set: Set of the joints, for keypoints that do not state it.
            draw: Whether to draw overlays.
            apply_exif: Whether images are turned as their orientation tag says; the keypoints must
                be of the image so turned. None: they are not, and those with a tag are noted.
            video: How videos are processed.

        Raises:
            FileNotFoundError: no image or video, or no keypoint file.
            PermissionError: ``out_dir`` cannot be written.
            ValueError: a video without ``out_dir``, neither keypoints nor a detector, keypoints of
                one image for several; also see :func:`~.given_keypoints.given_keypoints`.
            KeyError, TypeError: as the latter.
            ImportError: what the detector needs is not installed.
        """
        if batch_size < 1:
            raise ValueError(
                f'expected at least one person per pass of the model, got {batch_size}'
            )
        camera, options = Camera(focal_length, intrinsics), video or VideoOptions()
        given = keypoints is not None
        detector = given_keypoints(keypoints, keypoint_set=keypoint_set) if given else self.detector
        if out_dir is not None:
            out_dir = make_folder(out_dir)
        inputs = record_webcams(inputs, out_dir, seconds=options.webcam_seconds)
        images, videos, left_out = split_inputs(inputs)
        names = output_names([*images, *videos])
        check_meant_image(detector, [*images, *videos], len(videos))
        if videos and out_dir is None:
            raise ValueError(f'{videos[0]} is a video: state out_dir, the folder for its frames')
        report = InferenceReport(notes=left_out)
        jobs = open_images(
            images, detector, camera, report.problems, report.notes, apply_exif=apply_exif
        )
        with progress_bars(shown=self.show_progress) as bars:
            if images:
                jobs = bars.track(jobs, total=len(images), description='images')
            jobs = note_camera(jobs, camera, report.notes)
            for job in self.predict(jobs, report.problems, batch_size=batch_size):
                meshes = self.postprocess(job)
                picture = self.visualize(job, meshes) if draw else None
                stem = None if out_dir is None else out_dir / names[job.path]
                report.add(str(job.path), meshes, picture, stem)
            model = VideoModel(
                predict=partial(self.predict, batch_size=batch_size),
                body_model=self.model.body_model,
                detector=detector,
                facts=self.facts(),
                detector_config='' if given else repr(self.cfg.detector),
                bars=bars,
            )
            for path in videos:
                run = VideoRun(path, out_dir / names[path], camera, options, model)
                entry = run.run(report.problems, report.notes, draw=draw)
                report.images += [] if entry is None else [entry]
        if out_dir is not None:
            facts = {'config': self.config_name, 'checkpoint': self.checkpoint, **self.facts()}
            report.save(out_dir / 'summary.json', **facts, keypoints=detector.label)
        return report

    @cached_property
    def detector(self) -> BaseDetector:
        """The detector of the config; see :func:`~.detectors.build_detector`."""
        return build_detector(self.cfg.get('detector'), device=self._device)

    def predict(
        self,
        jobs: Iterable[tuple[ImageJob, Sequence[Person]]],
        problems: list[Problem],
        *,
        batch_size: int = 8,
    ) -> Iterator[ImageJob]:
        """Images, each as soon as all its persons have come out of the model.

        Args:
            jobs: Images and the persons to be found in them.
            problems: Persons that cannot be used are added here.
            batch_size: Persons per pass of the model.
        """
        crops = self.preprocess(jobs, problems)
        for batch in self._get_chunk_data(crops, batch_size):
            outputs = self.forward(self.collate_fn([crop for _, crop in batch]))
            for (job, _), sample in zip(batch, outputs, strict=True):
                problem = job.receive(sample)
                if problem is not None:
                    problems.append(problem)
                if not job.num_pending and job.samples:
                    yield job

    def preprocess(
        self, inputs: Iterable[tuple[ImageJob, Sequence[Person]]], problems: list[Problem]
    ) -> Iterator[tuple[ImageJob, dict]]:
        """Crops of all persons, image after image, each with the image it belongs to.

        Args:
            inputs: Images and the persons to be found in them.
            problems: Persons that cannot be used are added here.
        """
        for job, persons in inputs:
            crops = job.crops(persons, self.pipeline, problems)
            job.num_pending = len(crops)
            yield from ((job, crop) for crop in crops)

    def visualize(self, job: ImageJob, meshes: ImageMeshes) -> np.ndarray:
        """All persons over the image, nearer ones in front: (H, W, 3) uint8 RGB."""
        return draw_overlay(job.image, meshes)

    def postprocess(self, job: ImageJob) -> ImageMeshes:
        """The predictions of an image in the camera of the whole image."""
        return job.meshes(self.model.body_model)

    def facts(self) -> dict[str, str]:
        """What predictions depend on besides images and keypoints."""
        pipeline = photo_steps(self.cfg.test_dataloader.dataset.pipeline)
        parts = repr((self.cfg.model, pipeline))
        return {
            'checkpoint_sha256': file_sha256(self.checkpoint),
            'model_sha256': hashlib.sha256(parts.encode()).hexdigest(),
            'body_model': self.model.body_model.model_id,
            'min_keypoints': str(self.min_keypoints),
        }

    def _init_model(self, cfg: Config, weights: str, device: str) -> nn.Module:
        model = MODELS.build(cfg.model)
        if not isinstance(model, MeshEstimator):
            raise ValueError(
                f'expected the config of a model that predicts meshes (MeshEstimator), got '
                f'{type(model).__name__} in {self.config_name}; tools/test.py measures such models'
            )
        load_weights(model, weights)
        return optimize_for_inference(model.to(device), merge_lora=True)

    def _init_pipeline(self, cfg: Config) -> Compose:
        transforms = loader_of(cfg, 'test').dataset.pipeline
        return photo_pipeline(transforms, min_keypoints=self.min_keypoints)

    def _init_collate(self, cfg: Config) -> Any:
        return pseudo_collate

    def _init_visualizer(self, cfg: Config) -> None:
        """Overlays of whole images need no visualizer of crops."""
