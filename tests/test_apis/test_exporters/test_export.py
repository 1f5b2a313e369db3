import re
import runpy
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from dpmesh_plugin.apis import save_meshes
from dpmesh_plugin.apis.exporters import export_results
from dpmesh_plugin.registry import EXPORTERS


@pytest.fixture
def results(photograph, video, tmp_path):
    """A folder with a photograph, and one with the frames of a video."""
    save_meshes(photograph.frames[0], tmp_path / 'results' / 'photo.npz')
    for number, meshes in video.numbered_frames():
        stamped = replace(meshes, frame_index=number, frame_rate=25.0)
        save_meshes(stamped, tmp_path / 'results' / 'walk' / f'{number}.npz')
    return tmp_path / 'results'


@pytest.fixture
def export(repo_root, monkeypatch, capsys):
    """Calls ``tools/export.py``; its exit status, and what it said on both streams."""

    def export(*arguments):
        script = str(repo_root / 'tools' / 'export.py')
        monkeypatch.setattr(sys, 'argv', [script, *map(str, arguments)])
        try:
            status = runpy.run_path(script)['main']()
        except SystemExit as end:  # whose text the interpreter prints
            sys.stderr.write(f'{end.code}\n')
            status = 1
        return status, *capsys.readouterr()

    return export


def test_the_tool_writes_every_format(export, results, tmp_path):
    out = tmp_path / 'out'
    formats = ('obj', 'ply', 'glb', 'bvh', 'json', 'png')
    status, said, problems = export(results / 'photo.npz', '--format', *formats, '--out', out)
    assert (status, problems) == (0, '')
    assert said.startswith(f'9 files, 0 problems; wrote to {out}\n  photo_person4.obj\n')
    expected = {'photo.glb', 'photo_persons.json', 'photo_views.png'}
    expected |= {f'photo_person{i}.{s}' for i in (4, 9) for s in ('obj', 'ply', 'bvh')}
    assert {path.name for path in out.iterdir()} == expected


def test_a_video_is_one_animation(export, results, tmp_path):
    out = tmp_path / 'out'
    status, _, _ = export(results / 'walk', '--format', 'glb', 'bvh', '--out', out)
    assert status == 0
    names = {path.name for path in out.iterdir()}
    assert names == {'walk.glb', 'walk_person4.bvh', 'walk_person9.bvh'}
    assert 'Frames: 6\nFrame Time: 0.04000000\n' in (out / 'walk_person4.bvh').read_text()
    export(results / 'walk', '--format', 'bvh', '--out', out, '--fps', '50')
    assert 'Frame Time: 0.02000000\n' in (out / 'walk_person4.bvh').read_text()


def test_an_output_folder_is_exported_with_its_videos(export, results, tmp_path):
    out = tmp_path / 'out'
    status, _, problems = export(results, '--format', 'glb', '--out', out)
    assert (status, problems) == (0, '')
    assert {path.name for path in out.iterdir()} == {'photo.glb', 'walk.glb'}


def test_what_the_inferencer_writes_can_be_exported(inferencer, photos, body, tmp_path):
    out = tmp_path / 'out'
    inferencer(photos, keypoints=photos / 'keypoints.json', out_dir=out, draw=False)
    report = export_results(out, ['glb', 'bvh'], tmp_path / 'export', body_model=body)
    assert report.problems == []
    names = sorted(path.name for path in report.files)
    assert names == ['a.glb', 'a_person1.bvh', 'a_person2.bvh', 'b.glb', 'b_person3.bvh']


def test_one_bad_file_does_not_stop_the_rest(export, results, tmp_path):
    shutil.rmtree(results / 'walk')
    whole = (results / 'photo.npz').read_bytes()
    (results / 'cut.npz').write_bytes(whole[:3000])
    np.savez(results / 'future.npz', schema_version=7)
    out = tmp_path / 'out'
    status, said, problems = export(results, '--format', 'obj', 'glb', '--out', out)
    assert status == 0
    assert '3 files, 2 problems' in said
    first, second = problems.splitlines()
    assert re.match(r'left out: .*cut\.npz is no npz file, is cut off', first)
    assert re.match(r'left out: .*future\.npz has schema version 7, this package reads', second)
    assert sorted(p.name for p in out.iterdir()) == [
        'photo.glb',
        'photo_person4.obj',
        'photo_person9.obj',
    ]


def test_a_pickle_is_never_loaded(export, results, tmp_path):
    np.savez(results / 'photo.npz', schema_version=1, vertices=np.array([{}], dtype=object))
    status, _, problems = export(results / 'photo.npz', '--format', 'glb', '--out', tmp_path)
    assert status == 1
    assert 'pickled objects, which are never loaded' in problems


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'format': 'fbx'}, "unknown export format 'fbx'; dpmesh_plugin has: bvh, gif, glb, json,"),
        ({'input': 'none.npz'}, 'expected a result file (.npz) of tools/infer.py or a folder of'),
        ({'input': '.'}, 'of them, found none at '),
        ({'out': 'photo.npz/deep'}, 'cannot be made: Not a directory; choose another'),
        ({'fps': '0'}, 'expected frames per second above 0, got 0.0'),
        ({'body-model': 'none'}, 'no body model at '),
    ],
)
def test_a_wrong_argument_is_one_line(change, message, export, results, monkeypatch):
    monkeypatch.chdir(results)
    given = {'input': 'photo.npz', 'format': 'obj', 'out': 'out', **change}
    if given['input'] == '.':
        (results / 'photo.npz').unlink()
        shutil.rmtree(results / 'walk')
    options = [
        word for name, value in given.items() if name != 'input' for word in (f'--{name}', value)
    ]
    status, said, problems = export(given['input'], *options)
    assert status == 1
    assert problems.count('\n') == 1
    assert said == ''
    assert problems.startswith('export: ')
    assert message in problems
    assert not (results / 'out').exists()


def test_a_folder_that_nobody_may_write_to_is_known_at_once(export, results):
    status, _, problems = export(results / 'photo.npz', '--format', 'obj', '--out', '/proc')
    assert status == 1
    assert 'the output folder /proc is not writable; choose another' in problems


def test_a_full_disk_leaves_no_half_file(results, body, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, 'No space left on device')

    out = tmp_path / 'out'
    monkeypatch.setattr('os.replace', full)
    report = export_results(results / 'photo.npz', ['obj', 'glb'], out, body_model=body)
    assert report.files == []
    assert report.problems == ['[Errno 28] No space left on device']
    assert list(out.iterdir()) == []


def test_help_names_every_format_and_needs_no_package(repo_root):
    script = repo_root / 'tools' / 'export.py'
    done = subprocess.run(
        [sys.executable, '-X', 'importtime', str(script), '--help'],
        check=True,
        capture_output=True,
        text=True,
    )
    assert not re.search(r' (torch|numpy)$', done.stderr, re.MULTILINE)
    described = set(re.findall(r'\w+', done.stdout[: done.stdout.index('options:')]))
    EXPORTERS.import_from_location()
    assert set(EXPORTERS.module_dict) <= described
