"""Where -o FORMAT=PATH writes, and what it leaves as it was."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from blueprint.cli.outputs import output_option, write, write_all


def test_a_file_keeps_its_mode_and_a_new_one_gets_that_of_the_umask(tmp_path: Path) -> None:
    old, new, plain = tmp_path / "old", tmp_path / "new", tmp_path / "plain"
    old.touch(mode=0o600)
    plain.touch()
    write(old, "a")
    write(new, "b")
    assert (old.read_text(), stat.S_IMODE(old.stat().st_mode)) == ("a", 0o600)
    assert stat.S_IMODE(new.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("a long text that was here before")
    link.symlink_to(file)
    write(link, "new")
    assert (file.read_text(), link.is_symlink()) == ("new", True)


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write(pipe, "through")
    reader.join()
    assert (read, stat.S_ISFIFO(pipe.stat().st_mode)) == (["through"], True)


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    write(Path("/dev/null"), "gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    through = tmp_path / "null"
    through.symlink_to("/dev/null")
    write(through, "gone")
    assert through.is_symlink()


def test_a_full_disk_is_told_and_leaves_no_draft(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.ClickException, match="No space left"):
        write(Path("/dev/full"), "more than there is")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)
    with pytest.raises(click.ClickException, match="Is a directory"):
        write(tmp_path, "no file")
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_one_missing_folder_is_made_and_said_and_a_tree_is_not(tmp_path: Path) -> None:
    assert write(tmp_path / "out" / "a.json", "{}") == f" in the new folder {tmp_path / 'out'}"
    with pytest.raises(click.ClickException, match=r"is not there either; make it first"):
        write(tmp_path / "ouput" / "of" / "a.json", "{}")
    assert not (tmp_path / "ouput").exists()


def test_files_are_written_before_what_goes_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_all(((("a", None)), ("b", tmp_path / "b")), {"a": lambda: "seen", "b": lambda: "kept"})
    told = capsys.readouterr()
    assert (told.out, told.err) == ("seen\n", f"wrote {tmp_path / 'b'}\n")


def test_standard_output_is_reached_by_its_name_and_may_be_full() -> None:
    code = "from blueprint.cli import main; main(['list', 'presets', '-o', 'json{}'])"
    named = subprocess.run(
        [sys.executable, "-c", code.format("=/dev/stdout")], capture_output=True, text=True, check=True
    )
    assert '"preset": "growth"' in named.stdout
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([sys.executable, "-c", code.format("")], stdout=full, stderr=subprocess.PIPE, text=True, check=False)  # fmt: skip
    assert (ended.returncode, "No space left on device" in ended.stderr, "bug" in ended.stderr) == (2, True, False)


def test_two_formats_on_one_terminal_are_refused_with_the_file_that_the_second_needs() -> None:
    command = output_option("table", "json", "csv")(click.command()(lambda outputs: None))
    told = CliRunner().invoke(command, ["-o", "json", "-o", "csv"])
    assert told.exit_code == 2
    assert "-o csv=FILE.csv" in told.output
