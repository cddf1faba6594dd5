"""Programs that Python source starts: by whatever name, from whatever caller, or known only when it runs."""

from __future__ import annotations

import pytest

from pydock.source import called_programs, program_calls
from pydock.source.program_calls import ProgramCall
from pydock.split import Split
from tests.split_cases import FULL, INSTALL, SLIM, Case, found

HEAD = "import asyncio, os, shlex, shutil, subprocess, sys\n"
RUN = "def run(cmd, check=True):\n    subprocess.run(cmd, check=check)\n"

KNOWN = [
    pytest.param("os.system('wget -q x && unzip x')\n", {"wget", "unzip"}, id="all of a shell's line"),
    pytest.param(
        f"{RUN}run(['git', 'pull'])\nrun(cmd='convert a b')\n", {"git", "convert"}, id="what callers hand over"
    ),
    pytest.param(
        f"{RUN}def pull():\n    words = ['git', 'pull']\n    run(words)\n", {"git"}, id="a name of the caller"
    ),
    pytest.param("def run(*words):\n    subprocess.run(words)\nrun('git', 'pull')\n", {"git"}, id="words one by one"),
    pytest.param(
        "class Media:\n    def call(self, words):\n        subprocess.call(words)\n"
        "    def thumb(self):\n        self.call(['ffmpeg', '-i'])\n",
        {"ffmpeg"},
        id="what a method hands over",
    ),
    pytest.param(
        "def a():\n    cmd = ['git']\n    subprocess.run(cmd)\ndef b():\n    cmd = ['curl']\n    subprocess.run(cmd)\n",
        {"git", "curl"},
        id="one name in two functions",
    ),
    pytest.param("GIT = shutil.which('git')\nsubprocess.run([GIT, 'pull'])\n", {"git"}, id="one that was looked for"),
    pytest.param("subprocess.run([os.getenv('FFMPEG', 'ffmpeg')])\n", {"ffmpeg"}, id="the default of a setting"),
    pytest.param("subprocess.run(['a' if fast else 'b'])\n", {"a", "b"}, id="both of two"),
    pytest.param(
        "for tool in ('git', 'curl'):\n    subprocess.run([tool, '-V'])\n", {"git", "curl"}, id="each of a loop"
    ),
    pytest.param("subprocess.run(shlex.split('git pull'))\n", {"git"}, id="words of a line"),
    pytest.param("subprocess.run([sys.executable, 'job.py'])\n", set(), id="none for Python itself"),
    pytest.param("subprocess.run([sys.executable, '-m', 'pip', 'list'])\n", {"pip"}, id="pip for Python's module"),
    pytest.param(
        "asyncio.create_subprocess_exec(sys.executable, '-m', 'pip', 'install', name)\n", {"pip"}, id="words of asyncio"
    ),
    pytest.param("from subprocess import run as start\nstart(['git', 'pull'])\n", {"git"}, id="an imported name"),
    pytest.param("import subprocess as child\nchild.run(['git'])\n", {"git"}, id="a module by another name"),
    pytest.param("subprocess.run(f'git -C {x} pull', shell=True)\n", {"git"}, id="a line with something put in"),
    pytest.param(
        "subprocess.run(f'cd {x}' f' && git init && curl {y}', shell=True)\n",
        {"git", "curl"},
        id="each program of such a line, none for what the shell is itself",
    ),
    pytest.param("os.system('cd ' + x + ' && git pull')\n", {"git"}, id="what stands behind a sum"),
    pytest.param("os.system('cd %s && git pull' % x)\n", {"git"}, id="what stands behind a percent"),
    pytest.param("os.system('cd {} && git pull'.format(x))\n", {"git"}, id="what stands behind a field"),
    pytest.param(
        "GIT = 'git'\nos.system(f'{GIT} pull && curl x')\n", {"git", "curl"}, id="a name at the front of a line"
    ),
    pytest.param(
        "subprocess.run([sys.executable, '-m', 'pip', 'install', 'git+https://x/y'])\n",
        {"pip", "git"},
        id="what pip calls",
    ),
    pytest.param("os.system('pip install git+https://x/y')\n", {"pip", "git"}, id="what pip calls in a line"),
]


@pytest.mark.parametrize(("source", "programs"), KNOWN)
def test_programs_are_found_where_they_are_written_out(source: str, programs: set[str]) -> None:
    assert set(called_programs(HEAD + source)) == programs
    assert all(call.program for call in program_calls(HEAD + source))


HIDDEN = [
    pytest.param("subprocess.run([settings.CONVERTER, 'a'])\n", id="a setting of elsewhere"),
    pytest.param(RUN, id="a function that other files call"),
    pytest.param(f"{RUN}run(words())\n", id="what a caller has from elsewhere"),
    pytest.param("subprocess.run(['git'] if plain else words)\n", id="one of two"),
    pytest.param("os.system(f'cd x && {tool} pull')\n", id="what is put in behind others"),
    pytest.param("os.system('%s pull' % tool)\n", id="what a percent puts in front"),
    pytest.param("os.system('$EDITOR x')\n", id="a variable of the shell"),
]


@pytest.mark.parametrize("source", HIDDEN)
def test_a_program_that_only_running_tells_is_no_program_at_all(source: str) -> None:
    assert [call for call in program_calls(HEAD + source) if call.program is None]


def test_looking_for_a_program_starts_none() -> None:
    assert program_calls(f"{HEAD}shutil.which(name)\n") == ()
    assert program_calls(f"{HEAD}shutil.which('git')\n") == (ProgramCall("git", 2),)


@pytest.mark.parametrize(
    ("base", "doubts"),
    [
        pytest.param(FULL, 1, id="a doubt where the image gets smaller"),
        pytest.param(SLIM, 0, id="none where it stays"),
    ],
)
def test_a_hidden_call_may_need_what_slim_lacks(base: str, doubts: int) -> None:
    source = f"{HEAD}subprocess.run([settings.CONVERTER])\n"
    split_file = found(Case("", f'{base}{INSTALL}CMD ["python", "app.py"]\n', {"app.py": source}))
    assert isinstance(split_file, Split)
    assert len([doubt for doubt in split_file.doubts if doubt.startswith("app.py:2 starts a program")]) == doubts
