"""The sound of a video."""

import shutil
import subprocess
from pathlib import Path

from dpmesh_plugin.utils.io import atomic_write


def copy_sound(source: Path, target: Path) -> str:
    """Give a silent video the sound of another one, by the program ``ffmpeg`` if it is there.

    Args:
        source: Video that may have sound.
        target: Video without; replaced if that succeeds, else left as it is.

    Returns:
        What happened, in words.
    """
    program = shutil.which('ffmpeg')
    if program is None:
        return 'not copied: there is no ffmpeg on this machine'
    inputs = ['-i', str(target), '-i', str(source)]
    streams = ['-map', '0:v', '-map', '1:a?', '-c', 'copy']
    command = [program, '-y', '-loglevel', 'error', *inputs, *streams]
    try:
        with atomic_write(target) as temporary:
            subprocess.run([*command, str(temporary)], capture_output=True, text=True, check=True)
    except subprocess.CalledProcessError as error:
        return f'not copied: ffmpeg says {error.stderr.strip()[-300:]}'
    return 'copied, where the video has some'
