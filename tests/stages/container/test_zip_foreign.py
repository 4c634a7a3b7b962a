# SPDX-License-Identifier: EUPL-1.2
"""Archives of other people's writers are read; archives of ours are read by other people's readers."""

import shutil
import subprocess

import pytest
from zip_forge import File, asic, files_of, forge

FILES = {
    "mimetype": b"application/vnd.etsi.asic-e+zip",
    "a.txt": b"hello\n" * 50,
    "sub/b.txt": b"",
    "c.pdf": b"%PDF" * 9,
}


@pytest.fixture
def folder(tmp_path):
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def run(folder, *command):
    """What the command prints; skips where it is not installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


@pytest.mark.foreign
@pytest.mark.parametrize("options", ["-q", "-qX", "-q0", "-q9", "-qD"])
def test_archive_of_info_zip_is_read(folder, options):
    run(folder, "zip", options, "-r", "out.zip", "mimetype", "a.txt", "sub", "c.pdf")
    assert files_of((folder / "out.zip").read_bytes()) == FILES


@pytest.mark.foreign
def test_archive_that_info_zip_streams_is_read(folder):
    if shutil.which("zip") is None:
        pytest.skip("zip is not installed")
    streamed = run(folder, "sh", "-c", "zip -q - a.txt c.pdf | cat")
    assert files_of(streamed) == {name: FILES[name] for name in ("a.txt", "c.pdf")}


def test_archive_of_java_is_read(folder):  # not foreign: .ci/run installs no Java
    run(folder, "jar", "cMf", "out.zip", "mimetype", "a.txt", "sub", "c.pdf")
    assert files_of((folder / "out.zip").read_bytes()) == FILES


@pytest.mark.foreign
def test_archive_of_perl_is_read(folder):
    try:
        run(folder, "perl", "-MIO::Compress::Zip", "-e", "1")
    except subprocess.CalledProcessError:
        pytest.skip("perl is here without IO::Compress::Zip (Debian: perl-base without perl)")
    run(folder, "perl", "-MIO::Compress::Zip=zip", "-e", "zip [@ARGV] => 'out.zip' or die", *FILES)
    assert files_of((folder / "out.zip").read_bytes()) == FILES


@pytest.mark.foreign
def test_what_we_accept_info_zip_calls_whole(tmp_path):
    data = forge(
        [*asic(File(name="a.xml", descriptor=16), File(name="ä.txt", method=0))], comment=b"text", end64={}
    )
    assert len(files_of(data)) == 4
    (tmp_path / "in.zip").write_bytes(data)
    assert b"No errors detected" in run(tmp_path, "unzip", "-tq", "in.zip")
