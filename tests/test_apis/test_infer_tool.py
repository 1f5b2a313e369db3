import re
import resource
import runpy
import subprocess
import sys

import pytest
from PIL import Image

HEAVY = ('mmpose', 'mmdet', 'diffusers')


@pytest.fixture
def infer(repo_root, monkeypatch):
    """Calls ``tools/infer.py`` with arguments; its exit status."""

    def infer(*arguments):
        script = str(repo_root / 'tools' / 'infer.py')
        monkeypatch.setattr(sys, 'argv', [script, *map(str, arguments)])
        try:
            return runpy.run_path(script)['main']()
        except SystemExit as end:  # whose text the interpreter prints
            sys.stderr.write(f'{end.code}\n')
            return 1

    return infer


def test_it_says_what_it_wrote_and_what_it_left_out(infer, config, checkpoint, photos, capsys):
    out = photos.parent / 'out'
    keypoints = ('--keypoints', photos / 'keypoints.json')
    assert infer(config, checkpoint, photos, *keypoints, '--out', out, '--device', 'cpu') == 0
    said = capsys.readouterr()
    assert f'3 persons in 2 images and videos, 1 problems; wrote to {out}: summary.json' in said.out
    assert 'a.npz  a_overlay.jpg  (2 persons)' in said.out
    assert 'left out: ' in said.err
    assert 'c.jpg is not among the 2 images' in said.err
    assert f'note: {photos}: not taken: other files notes.txt (images end' in said.err
    assert 'not taken' in (out / 'summary.json').read_text()
    assert (out / 'b_overlay.jpg').is_file()
    assert 'focal length' not in said.err
    mm = ('--focal-length', '24', '--no-overlay', '--out', photos / 'mm', '--device', 'cpu')
    assert infer(config, checkpoint, photos, *keypoints, *mm) == 0
    assert 'a.jpg: a focal length of 24 px gives' in capsys.readouterr().err


def test_turned_images_are_noted_in_one_line(infer, config, checkpoint, photos, capsys):
    exif = Image.Exif()
    exif[0x0112] = 3
    for name in ('a.jpg', 'b.png'):
        Image.open(photos / name).save(photos / name, exif=exif)
    images = (photos / 'a.jpg', photos / 'b.png', '--keypoints', photos / 'keypoints.json')
    out = ('--out', photos.parent / 'out', '--device', 'cpu', '--no-overlay')
    assert infer(config, checkpoint, *images, *out) == 0
    said = capsys.readouterr().err
    assert f'note: {photos / "a.jpg"} and 1 more: carries orientation tag 3 and is read as' in said
    assert infer(config, checkpoint, *images, *out, '--no-apply-exif') == 0
    assert 'note: ' not in capsys.readouterr().err
    assert 'orientation' not in (photos.parent / 'out' / 'summary.json').read_text()


def test_it_fails_if_nothing_could_be_processed(infer, config, checkpoint, photos, capsys):
    keypoints = ('--keypoints', photos / 'keypoints.json')
    out = ('--out', photos / 'out', '--device', 'cpu')
    assert infer(config, checkpoint, photos / 'c.jpg', *keypoints, *out) == 1
    assert '0 persons in 0 images and videos, 1 problems' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'config': 'none.py'}, 'infer: expected a config file, found none at'),
        ({'checkpoint': 'none.pth'}, 'infer: expected a checkpoint, found none at'),
        ({'device': 'gpu'}, "infer: device must be auto, cpu, cuda, cuda:N or mps, got 'gpu'"),
    ],
)
def test_a_wrong_argument_is_one_line(change, message, infer, config, checkpoint, photos, capsys):
    given = {'config': config, 'checkpoint': checkpoint, 'device': 'cpu', **change}
    keypoints = ('--keypoints', photos / 'keypoints.json', '--out', photos / 'out')
    device = ('--device', given['device'])
    assert infer(given['config'], given['checkpoint'], photos, *keypoints, *device) == 1
    said = capsys.readouterr().err
    assert said.startswith(message)
    assert said.count('\n') == 1


@pytest.mark.parametrize('option', ['--max-gap', '--webcam-seconds'])
def test_impossible_times_are_known_before_the_model_is_built(option, infer, tmp_path, capsys):
    assert infer('none.py', 'none.pth', 'clip.mp4', option, '-1', '--out', tmp_path / 'out') == 1
    assert re.fullmatch(rf'infer: expected .* \({option}\) .*, got -1.*\n', capsys.readouterr().err)


def test_importing_the_package_and_its_apis_needs_no_optional_library(repo_root):
    check = (
        f'import sys, dpmesh_plugin.apis; sys.exit(sum(name in sys.modules for name in {HEAVY!r}))'
    )
    assert subprocess.run([sys.executable, '-c', check], cwd=repo_root, check=False).returncode == 0


@pytest.mark.parametrize(
    ('arguments', 'seconds'), [(('-c', 'import dpmesh_plugin'), 1.0), (('INFER', '--help'), 3.0)]
)
def test_the_start_is_quick(arguments, seconds, repo_root):
    """Processor time, in which other programs of the machine do not count."""
    tool = str(repo_root / 'tools' / 'infer.py')
    words = [tool if word == 'INFER' else word for word in arguments]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], cwd=repo_root, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent < seconds


def test_a_config_without_a_detector_asks_for_keypoints(infer, config, checkpoint, photos, capsys):
    out = ('--out', photos / 'out', '--device', 'cpu')
    assert infer(config, checkpoint, photos / 'a.jpg', *out) == 1
    assert 'give keypoints (--keypoints FILE), or name a detector' in capsys.readouterr().err
    options = ('--cfg-options', 'detector.type=KeypointFile', 'detector.path=none.json')
    assert infer(config, checkpoint, photos / 'a.jpg', *out, *options) == 1
    assert 'infer: expected a JSON file, found none at' in capsys.readouterr().err


@pytest.mark.parametrize('name', ['infer', 'train', 'analysis_tools/view_attention'])
def test_help_needs_no_torch(name, repo_root):
    script = repo_root / 'tools' / f'{name}.py'
    check = (
        'import runpy, sys\n'
        f'sys.argv = [{str(script)!r}, "--help"]\n'
        'try:\n'
        '    runpy.run_path(sys.argv[0], run_name="__main__")\n'
        'except SystemExit:\n'
        '    sys.exit("torch" in sys.modules)\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', check], cwd=repo_root, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert '--cfg-options' in done.stdout
