"""Every command of the documents: parsed by its own tool, and executed. See commands.yaml."""

import functools
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from documents import ROOT, TABLE, Command, commands, python_blocks

COMMANDS = commands()
LAUNCHED = ('python', 'srun')
RECORDER = f"""#!{sys.executable}
import json, os, sys
with open(os.environ['RECORD'], 'a') as record:
    record.write(json.dumps(sys.argv[1:]) + chr(10))
"""


@pytest.fixture(scope='module')
def parsed(run_tool, checkout, tmp_path_factory):
    """Run the parser of a tool on arguments; returns what is wrong, with what the tool said."""
    result = tmp_path_factory.mktemp('parsed') / 'result.txt'
    program = str(Path(__file__).parent / 'parse_tool.py')

    @functools.cache
    def parse_once(words, path):
        if not (checkout / words[0]).is_file():
            return f'there is no {words[0]}'
        result.write_text('the tool ended before it parsed its arguments')
        call = [program, str(result), *words]
        env = {'COMMAND_PATH': path and str((checkout / path).resolve())}
        _, said = run_tool(call, cwd=checkout, env=env)
        return result.read_text() and f'{result.read_text()}\n{said[-1500:]}'

    return lambda words, path='': parse_once(tuple(words), path)


@pytest.fixture(scope='module')
def started_by(checkout, tmp_path_factory):
    """Arguments of the Python programs that a script starts, as recorders write them down."""
    folder = tmp_path_factory.mktemp('recorders')
    for name in LAUNCHED:
        (folder / name).write_text(RECORDER)
        (folder / name).chmod(0o755)

    def run(words, environment):
        record = folder / 'record.jsonl'
        record.write_text('')
        env = {**os.environ, **environment, 'RECORD': str(record)}
        env['PATH'] = f'{folder}:{env["PATH"]}'
        done = subprocess.run(
            ['bash', *words], cwd=checkout, env=env, capture_output=True, text=True, check=False
        )
        lines = [json.loads(line) for line in record.read_text().splitlines()]
        return lines, done.stderr

    return run


def problem_of(command, checkout, parsed, started_by):
    """What is wrong with a command before it is run; an empty text if nothing is."""
    words = command.words
    if words[:3] == ['python', '-m', 'pytest']:
        missing = [path for path in words[3:] if not (ROOT / path).exists()]
        return f'there is no {missing[0]}' if missing else ''
    if words[0] == 'python' and words[1].endswith('.py'):
        return parsed(words[1:], command.environment.get('PYTHONPATH', ''))
    if words[0].endswith('.sh'):
        lines, said = started_by(words, command.environment)
        starts = [_tool_part(line) for line in lines]
        problems = [parsed(start) if start else f'starts no tool: {said}' for start in starts]
        return '\n'.join(filter(None, problems)) if starts else f'starts nothing: {said}'
    if words[0] == 'make':
        done = subprocess.run(
            ['make', '-n', *words[1:]], cwd=checkout, capture_output=True, text=True, check=False
        )
        return done.stderr
    if words[0] == 'pip':
        files = [words[place + 1] for place, word in enumerate(words) if word == '-r']
        missing = [name for name in files if not (checkout / name).is_file()]
        return f'there is no {missing[0]}' if missing else ''
    return '' if words[0] in ('cp', 'mv', '.') else f'unknown program {words[0]}'


def _tool_part(words):
    """From the path of a tool on."""
    for place, word in enumerate(words):
        found = re.search(r'(?:^|/)(tools/[\w/]+\.py)$', word)
        if found:
            return [found[1], *words[place + 1 :]]
    return []


@pytest.mark.parametrize('command', COMMANDS, ids=lambda c: f'{c.document}: {c.text[:70]}')
def test_a_command_is_understood(command, checkout, parsed, started_by):
    assert command.row is not None, (
        f'{command.document} shows {command.text!r}, for which tests/test_docs/commands.yaml has '
        'no row: say there how to run it, or why it is only parsed'
    )
    problem = problem_of(command, checkout, parsed, started_by)
    assert not problem, f'{command.document}: {command.text}\n{problem}'


@pytest.mark.parametrize('script', sorted(path.name for path in (ROOT / 'tools').glob('*demo.sh')))
def test_a_demo_starts_what_exists(script, parsed, started_by):
    environment = {'PYTHON': 'python', 'DATA': 'data', 'OUT': 'out'}
    lines, said = started_by([f'tools/{script}'], environment)
    assert len(lines) > 2, said
    for line in lines:
        assert not parsed(_tool_part(line)), line


def test_no_row_is_left_over():
    used = [command.row for command in COMMANDS]
    idle = [row['match'] for row in TABLE['rows'] if row not in used]
    assert not idle, f'no document has a command for the rows {idle} of commands.yaml'


def _execute(command, run_tool, checkout):
    """Run a command in the folder; exit code and output."""
    extra = shlex.split(str(command.row.get('extra', '')))
    words = [*command.words, *extra]
    if words[0] == 'python':
        return run_tool(words[1:], cwd=checkout)
    done = subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_commands_and_python_blocks_run(run_tool, checkout):
    """Commands in the order of the table, since some need what others leave; then the blocks."""
    problems = []
    for row in TABLE['rows']:
        matching = [] if 'only_parsed' in row else [c for c in COMMANDS if c.row is row]
        for line in dict.fromkeys(command.line for command in matching):
            command = next(command for command in matching if command.line == line)
            code, said = _execute(command, run_tool, checkout)
            absent = [path for path in row.get('leaves', []) if not (checkout / path).exists()]
            if code or absent:
                problems.append(f'{command.text}\nexit {code}, absent {absent}\n{said[-2500:]}')
    program = str(Path(__file__).parent / 'run_blocks.py')
    for document in dict.fromkeys(document for document, _, _ in python_blocks()):
        code, said = run_tool([program, document], cwd=checkout)
        if code:
            problems.append(said[-2500:])
    assert not problems, '\n\n'.join(problems)


def test_a_mistake_is_found(parsed):
    def of(text):
        return parsed(Command('x', text).words[1:])

    assert 'refuses it' in of('python tools/train.py CONFIG --wrk-dir x')
    assert 'no such one' in of('python tools/train.py CONFIG --cfg-options train_cfg.epochs=1')
    assert 'has no modle' in of('python tools/train.py CONFIG --cfg-options modle.neck.x=1')
    assert 'found none at' in of('python tools/train.py configs/dpmesh_renamed.py')
    assert 'there is no tools/trian.py' in of('python tools/trian.py CONFIG')
    assert 'projects' in of(
        'python tools/train.py projects/example_project/configs/patch_backbone_synth_oc.py'
    )
