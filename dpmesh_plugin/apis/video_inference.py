"""Meshes of the people in a video."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from rich.progress import Progress
from torch import nn

from dpmesh_plugin.rendering import person_color
from dpmesh_plugin.utils.errors import error_words
from dpmesh_plugin.visualization import save_animation

from .detection_log import DetectionLog
from .detectors import BaseDetector
from .fingerprint import fingerprint
from .frame_store import FrameStore
from .image_inputs import INPUT_ERRORS, note_camera
from .image_job import Camera, ImageJob
from .inference_report import Problem
from .keypoint_files import KeypointFile
from .mesh_file import ImageMeshes, read_frame_stamp, save_meshes
from .mesh_sequence import PHOTOGRAPH
from .overlays import draw_overlay
from .person import Person
from .smoothed_meshes import smoothed_meshes
from .video_keypoints import detect_in_video, follow_persons, frames_of_video
from .video_options import VideoOptions
from .video_reader import VideoReader
from .video_sound import copy_sound

Predict = Callable[[Iterable[tuple[ImageJob, Sequence[Person]]], list[Problem]], Iterator[ImageJob]]


@dataclass(frozen=True)
class VideoModel:
    """What a video needs of the inferencer.

    Args:
        predict: Sends images and their persons through the model; see
            :meth:`~.mesh_inferencer.MeshInferencer.predict`.
        body_model: Body model of the predictions.
        detector: Finds the persons, or looks them up.
        facts: What the predictions depend on besides images and keypoints.
        detector_config: Entry of the config that the detector was built by; empty for another one.
        bars: Where frames are counted.
    """

    predict: Predict
    body_model: nn.Module
    detector: BaseDetector
    facts: Mapping[str, str]
    detector_config: str
    bars: Progress


@dataclass
class VideoRun:
    """One video on its way: frame by frame through the model, then as a whole.

    Files, for ``clip.mp4`` and the folder DIR: ``DIR/clip_raw/`` what the model said about each
    frame, kept so that an interrupted run goes on, and ``DIR/clip_people.jsonl`` what a detector
    said; ``DIR/clip/clip_000012.npz`` the frames of the result; ``DIR/clip_overlay.mp4``.

    Args:
        path: The video file.
        out: ``DIR/clip``.
        camera: Camera of the video.
        options: How it is processed.
        model: What predicts.
    """

    path: Path
    out: Path
    camera: Camera
    options: VideoOptions
    model: VideoModel
    num_frames: int = field(default=0, init=False)
    problems: list[Problem] = field(default_factory=list, init=False)
    notes: list[Problem] = field(default_factory=list, init=False)

    def run(
        self, problems: list[Problem], notes: list[Problem], *, draw: bool
    ) -> dict[str, object] | None:
        """Process the video.

        Args:
            problems: What cannot be used is added here.
            notes: What is strange about the camera is added here.
            draw: Whether to write the video with overlays.

        Returns:
            What was written; None if nobody was found, or the video, its entries in the keypoint
            file or the output folder cannot be used.
        """
        self.problems, self.notes = problems, notes
        try:
            return self._run(draw)
        except INPUT_ERRORS as error:
            self._report(error_words(error))
            return None

    def _run(self, draw: bool) -> dict[str, object] | None:
        reader = VideoReader(self.path)
        persons = follow_persons(self._persons(reader), max_gap=self.options.max_gap)
        own = {
            'video_bytes': str(self.path.stat().st_size),
            'persons': fingerprint(persons),
            'camera': repr((self.camera.focal_length, np.array(self.camera.intrinsics).tolist())),
        }
        store = FrameStore(self.out.with_name(f'{self.out.name}_raw'), {**self.model.facts, **own})
        jobs = note_camera(self._jobs(reader, persons, store), self.camera, self.notes)
        for job in self.model.predict(jobs, self.problems):
            store.save(job.meshes(self.model.body_model, surface=False))
        self._check_length(reader, persons)
        numbers = [number for number in sorted(persons) if store.path(number).is_file()]
        if not numbers:
            self._report('nobody was found in any frame')
            return None
        return self._write(reader, store, numbers, draw)

    def _persons(self, reader: VideoReader) -> dict[int, tuple[Person, ...]]:
        """Persons by frame, before they are followed."""
        detector = self.model.detector
        if isinstance(detector, KeypointFile):
            return frames_of_video(detector, self.path, first_number=self.options.first_number)
        path = self.out.with_name(f'{self.out.name}_people.jsonl')
        facts = {
            'video_bytes': str(self.path.stat().st_size),
            **detector.facts(),
            'detector_config': self.model.detector_config,
        }
        log = DetectionLog(path, facts)
        return detect_in_video(detector, reader, log, self._count('people', reader))

    def _count(self, what: str, reader: VideoReader) -> Callable[[], None]:
        """A new bar for the frames of the video; what is called for each of them."""
        total = reader.num_stated if reader.num_stated > 0 else None
        task = self.model.bars.add_task(f'{self.path.name}: {what}', total=total)
        return partial(self.model.bars.advance, task)

    def _jobs(
        self, reader: VideoReader, persons: Mapping[int, Sequence[Person]], store: FrameStore
    ) -> Iterator[tuple[ImageJob, Sequence[Person]]]:
        """The frames that are still to be predicted."""
        advance = self._count('meshes', reader)

        def is_open(number: int) -> bool:
            advance()
            self.num_frames = number + 1
            ids = [person.person_id for person in persons.get(number, ())]
            return bool(ids) and not store.has(number, ids)

        for number, image in reader.frames(is_open):
            if image is None:
                self._report(f'frame {number} cannot be decoded')
                continue
            intrinsics = self.camera.matrix(image.shape[1::-1])
            source = self.model.detector.label
            job = ImageJob(self.path, image, intrinsics, number, reader.frame_rate, source)
            yield job, persons[number]

    def _check_length(self, reader: VideoReader, persons: Mapping[int, Sequence[Person]]) -> None:
        if self.num_frames < reader.num_stated:
            self._report(
                f'it states {reader.num_stated} frames, but ends after {self.num_frames}; was it '
                'cut off?'
            )
        beyond = [number for number in persons if number >= self.num_frames]
        if beyond:
            self._report(
                f'the keypoint file has {len(beyond)} frames beyond its end; frames count from '
                f'{self.options.first_number} in it (--first-frame)'
            )

    def _write(
        self, reader: VideoReader, store: FrameStore, numbers: Sequence[int], draw: bool
    ) -> dict[str, object]:
        """Write frames and video; what was written."""
        frames = smoothed_meshes(
            store, numbers, self.model.body_model, reader.frame_rate, self.options
        )
        written: set[Path] = set()
        ids: set[int] = set()

        def kept() -> Iterator[ImageMeshes]:
            for meshes in frames:
                path = self._frame_path(meshes.frame_index)
                save_meshes(meshes, path)
                written.add(path)
                ids.update(meshes.person_ids.tolist())
                yield meshes

        entry: dict[str, object] = {'image': str(self.path), 'meshes': f'{self.out.name}/'}
        overlay = self.out.with_name(f'{self.out.name}_overlay.mp4')
        if draw:
            pictures = _pictures(reader, kept(), self._count('pictures', reader))
            save_animation(pictures, overlay, frame_rate=reader.frame_rate)
            entry |= {'overlay': overlay.name, 'sound': copy_sound(self.path, overlay)}
        else:
            overlay.unlink(missing_ok=True)  # that of an earlier run
            for _ in kept():
                pass
        self._remove_stale(written)
        counts = {
            'persons': len(ids),
            'frames': self.num_frames,
            'frames_with_persons': len(written),
        }
        return {**entry, **counts, 'frame_rate': reader.frame_rate}

    def _frame_path(self, number: int) -> Path:
        return self.out / f'{self.out.name}_{number:06d}.npz'

    def _remove_stale(self, written: set[Path]) -> None:
        """Remove frames that only an earlier run wrote; what else is in the folder stays."""
        for path in set(self.out.glob('*.npz')) - written:
            digits = path.stem.removeprefix(f'{self.out.name}_')
            number = int(digits) if digits.isdecimal() else PHOTOGRAPH
            # A photograph may be named like a frame; its file does not say that it is one.
            if path == self._frame_path(number) and read_frame_stamp(path)[0] == number:
                path.unlink()

    def _report(self, message: str) -> None:
        self.problems.append(Problem(str(self.path), message))


def _pictures(
    reader: VideoReader, frames: Iterator[ImageMeshes], advance: Callable[[], None]
) -> Iterator[np.ndarray]:
    """Every frame of the video, persons drawn over it, each in a colour of its own."""
    meshes = next(frames, None)
    last = np.zeros((*reader.size[::-1], 3), np.uint8)
    for number, image in reader.frames():
        # In the place of a frame that cannot be decoded the last one stays, to keep the time.
        picture = last = last if image is None else image
        if meshes is not None and meshes.frame_index == number:
            colors = [person_color(id_) for id_ in meshes.person_ids]
            picture = draw_overlay(picture, meshes, colors=colors, fast=True)
            meshes = next(frames, None)
        advance()
        yield picture
