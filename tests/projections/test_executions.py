"""Every attempt and what came of it, and the audit trail of the disk."""

from projections.executions import executions, runs
from projections.file_operations import files_written, operations

BOX = "0.1,0.2,0.8,0.9"


def test_an_executed_attempt_has_times_sizes_and_its_output(stage):
    stage.tell(
        f"ann records a/1.png {BOX}\n r1 starts a/1.png warning dimension_drift\n r1 executes a/1.png companions 2"
    )
    with stage.projections() as projections:
        [found] = executions(projections)
    assert (found.run, found.attempt, found.status) == ("r1", 1, "executed")
    assert (found.source, found.output) == ("/photos/a/1.png", "/out/photos/a/1.png")
    assert (found.started_at, found.finished_at, found.undone_at) == (stage.at(2), stage.at(3), None)
    assert (found.elapsed_ms, found.source_bytes, found.output_bytes) == (12.5, 1000, 500)
    assert (found.width_px, found.height_px, found.recovered, found.drift) == (10, 10, 0, 1)


def test_each_attempt_has_its_own_outcome_even_when_the_numbers_begin_anew_in_one_run(stage):
    stage.tell(f"""
        ann records a/1.png {BOX}
        r1 starts a/1.png
        r1 fails a/1.png busy
        r1 starts a/1.png
        r1 fails a/1.png missing finally
        ann retries a/1.png
        r1 starts a/1.png
        r1 executes a/1.png
        ann undoes a/1.png
        r1 starts a/1.png
        r1 executes a/1.png
        ann undoes a/1.png
        r1 starts a/1.png
    """)
    with stage.projections() as projections:
        found = [(each.attempt, each.status, each.reason, each.undone_at) for each in executions(projections)]
        [run] = runs(projections)
    assert found == [
        (1, "failed", "busy", None),
        (2, "failed", "missing", None),
        (1, "undone", None, stage.at(9)),
        (1, "undone", None, stage.at(12)),
        (1, "started", None, None),
    ]
    assert (run.attempts, run.executed, run.failed, run.undone, run.unfinished) == (5, 2, 2, 2, 1)
    assert (run.first_at, run.last_at, run.elapsed_ms) == (stage.at(2), stage.at(11), 25.0)


def test_a_failure_to_claim_is_an_attempt_without_a_start(stage):
    stage.tell(f"ann records a/1.png {BOX}\n r1 rejects a/1.png missing finally")
    with stage.projections() as projections:
        [found], [run] = executions(projections), runs(projections)
    assert (found.attempt, found.status, found.reason, found.started_at) == (0, "failed", "missing", None)
    assert (found.finished_at, found.final) == (stage.at(2), 1)
    assert (run.attempts, run.failed) == (0, 1)


def test_a_failure_to_claim_after_a_try_is_not_taken_for_the_outcome_of_another(stage):
    stage.tell(f"""
        ann records a/1.png {BOX}
        r1 starts a/1.png
        r1 fails a/1.png busy
        r2 rejects a/1.png missing finally
    """)
    with stage.projections() as projections:
        found = [(each.run, each.attempt, each.reason) for each in executions(projections)]
    assert found == [("r1", 1, "busy"), ("r2", 0, "missing")]


def test_attempts_can_be_narrowed_by_run_subject_and_status(stage):
    stage.tell(f"""
        ann records a/1.png {BOX}
        ann records a/2.png {BOX}
        r1 starts a/1.png
        r2 starts a/2.png
        r2 executes a/2.png
    """)
    with stage.projections() as projections:
        assert [each.run for each in executions(projections, run="r1")] == ["r1"]
        assert [each.run for each in executions(projections, subject=stage.subject("a/2.png"))] == ["r2"]
        assert [each.run for each in executions(projections, status="started")] == ["r1"]


def test_every_file_that_was_touched_is_in_the_audit_trail(stage):
    stage.tell(f"ann records a/1.png {BOX}\n r1 starts a/1.png\n r1 executes a/1.png companions 1\n ann undoes a/1.png")
    with stage.projections() as projections:
        found = operations(projections)
    source, output = "/photos/a/1.png", "/out/photos/a/1.png"
    assert [(each.position, each.number, each.operation, each.source, each.destination) for each in found] == [
        (3, 0, "crop", source, output),
        (3, 1, "archive", source, found[1].destination),
        (3, 2, "move", f"{source}.0.txt", f"{output}.0.txt"),
        (4, 0, "remove", output, None),
        (4, 1, "restore", None, source),
    ]
    assert found[1].destination == f"/originals/{found[1].sha256}"
    assert [(each.actor, each.run) for each in found[2:4]] == [("runner:r1", "r1"), ("operator:ann", None)]
    assert found[0].size_bytes == 500


def test_the_trail_can_be_read_on_from_a_position(stage):
    stage.tell(f"ann records a/1.png {BOX}\n r1 starts a/1.png\n r1 executes a/1.png\n ann undoes a/1.png")
    with stage.projections() as projections:
        assert {each.position for each in operations(projections, after=3)} == {4}


def test_bytes_that_were_kept_whole_are_a_copy_and_no_crop(stage):
    stage.tell("ann records a/1.png 0,0,1,1\n r1 starts a/1.png\n r1 executes a/1.png whole")
    with stage.projections() as projections:
        assert [each.operation for each in operations(projections)] == ["copy", "archive"]
        assert len(files_written(projections)) == 1


def test_files_written_are_those_that_were_not_taken_away_since(stage):
    stage.tell(f"""
        ann records a/1.png {BOX}
        ann records a/2.png {BOX}
        r1 starts a/1.png
        r1 executes a/1.png
        r1 starts a/2.png
        r1 executes a/2.png
        ann undoes a/1.png
    """)
    with stage.projections() as projections:
        assert [each.output for each in files_written(projections)] == ["/out/photos/a/2.png"]
    stage.tell("r1 starts a/1.png\n r1 executes a/1.png")
    with stage.projections() as projections:
        assert [each.output for each in files_written(projections)] == ["/out/photos/a/1.png", "/out/photos/a/2.png"]
