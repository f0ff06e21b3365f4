"""Logs are cut while their part goes on writing, and only so many are kept."""

from pathlib import Path

from deploy.local.logs import KEPT, last_lines, open_log, rotate


def test_a_part_goes_on_writing_into_the_log_that_was_cut(tmp_path: Path) -> None:
    with open_log(tmp_path, "kafka") as log:
        log.write(b"x" * 100)
        log.flush()
        rotate([tmp_path / "kafka.log"], longest=99)
        log.write(b"next\n")
    assert (tmp_path / "kafka.log").read_bytes() == b"next\n"
    assert (tmp_path / "kafka.log.1").read_bytes() == b"x" * 100


def test_a_short_log_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("short")
    rotate([tmp_path / "a.log"], longest=99)
    assert [path.name for path in tmp_path.iterdir()] == ["a.log"]


def test_the_oldest_logs_go(tmp_path: Path) -> None:
    for number in range(KEPT + 3):
        (tmp_path / "a.log").write_text(f"{number}" * 100)
        rotate([tmp_path / "a.log"], longest=99)
    kept = sorted(path.name for path in tmp_path.glob("a.log.*"))
    assert kept == [f"a.log.{number}" for number in range(1, KEPT + 1)]
    assert (tmp_path / "a.log.1").read_text() == f"{KEPT + 2}" * 100


def test_the_end_of_a_log_is_what_explains_a_death(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("\n".join(str(number) for number in range(100)))
    assert last_lines(tmp_path, "a", 2) == "98\n99"
    assert last_lines(tmp_path, "b") == "(no log)"
