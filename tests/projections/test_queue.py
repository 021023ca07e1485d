"""Which crops are owed, in which order, and why."""

from projections.queue import claimable, executed_lines, owed, pending_lines, sizes, stuck

BOX = "0.1,0.2,0.8,0.9"


def names(crops):
    return [crop.filename for crop in crops]


def test_a_recorded_crop_is_owed_with_everything_that_was_marked(stage):
    stage.tell(f"ann records a/1.png {BOX} group g7 size 800x600 warning unknown_group")
    with stage.projections() as projections:
        [crop] = owed(projections)
    assert crop.path == "/photos/a/1.png"
    assert (crop.directory, crop.filename, crop.project, crop.group_id) == ("/photos/a", "1.png", "P", "g7")
    assert (crop.x1, crop.y1, crop.x2, crop.y2) == (0.1, 0.2, 0.8, 0.9)
    assert (crop.width_px, crop.height_px, crop.size_bytes) == (800, 600, 1000)
    assert (crop.marked_at, crop.marked_by, crop.position, crop.version) == (stage.at(1), "operator:ann", 1, 1)
    assert (crop.status, crop.attempt, crop.warnings) == ("pending", 0, '["unknown_group"]')


def test_an_image_at_the_root_keeps_its_path(stage):
    stage.append("image/0", _recorded_at("/top.png"), "operator:ann")
    with stage.projections() as projections:
        [crop] = owed(projections)
    assert (crop.directory, crop.filename, crop.path) == ("/", "top.png", "/top.png")


def _recorded_at(path):
    from ledger.events.crops import CropRecorded
    from ledger.values import Box, Dimensions

    return CropRecorded("P", path, Box(0.1, 0.1, 0.9, 0.9), Dimensions(10, 10), "0" * 64, 1)


def test_crops_are_owed_in_the_order_in_which_they_were_marked(stage):
    stage.tell(f"ann records b/2.png {BOX}\n ann records a/1.png {BOX}\n ann records a/3.png {BOX}")
    with stage.projections() as projections:
        assert names(owed(projections)) == ["2.png", "1.png", "3.png"]


def test_marking_again_takes_the_new_box_and_a_new_place_at_the_end(stage):
    stage.tell(f"ann records a/1.png {BOX}\n ann records a/2.png {BOX}\n ann records a/1.png 0.3,0.3,0.6,0.6")
    with stage.projections() as projections:
        crops = owed(projections)
    assert names(crops) == ["2.png", "1.png"]
    assert (crops[1].x1, crops[1].position, crops[1].version) == (0.3, 3, 2)


def test_withdrawn_and_executed_crops_are_not_owed(stage):
    stage.tell(f"""
        ann records a/1.png {BOX}
        ann records a/2.png {BOX}
        ann records a/3.png {BOX}
        ann withdraws a/1.png
        r1 starts a/2.png
        r1 executes a/2.png
    """)
    with stage.projections() as projections:
        assert names(owed(projections)) == ["3.png"]
        assert sizes(projections).owed == 1


def test_a_failed_crop_goes_back_to_its_place_with_its_reason_and_waits(stage):
    stage.tell(f"""
        ann records a/1.png {BOX}
        ann records a/2.png {BOX}
        r1 starts a/1.png
        r1 fails a/1.png busy after 90
    """)
    with stage.projections() as projections:
        first, second = owed(projections)
        assert (first.filename, first.status, first.attempt) == ("1.png", "pending", 1)
        assert (first.failed_reason, first.failed_message) == ("busy", "/photos/a/1.png: busy")
        assert first.failed_at == stage.at(4)
        assert first.retry_at == "2025-10-27T09:05:30.000000Z"
        assert second.failed_reason is None
        assert names(claimable(projections, stage.at(5), limit=9)) == ["2.png"]
        assert names(claimable(projections, stage.at(6), limit=9)) == ["1.png", "2.png"]


def test_a_final_failure_stays_in_the_queue_and_cannot_be_claimed_until_it_is_retried(stage):
    stage.tell(f"ann records a/1.png {BOX}\n r1 starts a/1.png\n r1 fails a/1.png missing finally")
    with stage.projections() as projections:
        [crop] = owed(projections, status="failed")
        assert (crop.failed_reason, crop.retry_at) == ("missing", None)
        assert claimable(projections, stage.at(99)) == []
    stage.tell("ann retries a/1.png")
    with stage.projections() as projections:
        [crop] = claimable(projections, stage.at(99))
        assert (crop.status, crop.attempt, crop.failed_reason, crop.run) == ("pending", 0, None, None)


def test_a_crop_that_could_not_even_be_claimed_is_failed_too(stage):
    stage.tell(f"ann records a/1.png {BOX}\n r1 rejects a/1.png missing finally")
    with stage.projections() as projections:
        assert [(crop.status, crop.attempt) for crop in owed(projections)] == [("failed", 0)]


def test_an_undone_crop_is_owed_again_in_its_old_place(stage):
    stage.tell(f"""
        ann records a/1.png {BOX}
        ann records a/2.png {BOX}
        r1 starts a/1.png
        r1 executes a/1.png
        ann undoes a/1.png
    """)
    with stage.projections() as projections:
        assert names(claimable(projections, stage.at(9), limit=9)) == ["1.png", "2.png"]
        [first, _] = owed(projections)
        assert (first.run, first.attempt, first.started_at) == (None, 0, None)


def test_a_started_crop_without_an_outcome_is_stuck_until_it_has_one(stage):
    stage.tell(f"ann records a/1.png {BOX}\n r1 starts a/1.png")
    with stage.projections() as projections:
        [crop] = stuck(projections)
        assert (crop.path, crop.run, crop.attempt, crop.started_at) == ("/photos/a/1.png", "r1", 1, stage.at(2))
        assert sizes(projections).started == 1
    stage.tell("r1 executes a/1.png")
    with stage.projections() as projections:
        assert stuck(projections) == []


def test_the_queue_can_be_narrowed_by_project_directory_status_and_number(stage):
    stage.tell(f"""
        ann records a/1.png {BOX} project P
        ann records a/2.png {BOX} project Q
        ann records b/3.png {BOX} project P
        r1 starts b/3.png
    """)
    with stage.projections() as projections:
        assert names(owed(projections, project="P")) == ["1.png", "3.png"]
        assert names(owed(projections, directory="/photos/a")) == ["1.png", "2.png"]
        assert names(owed(projections, status="started")) == ["3.png"]
        assert names(owed(projections, limit=1)) == ["1.png"]
        assert names(claimable(projections, stage.at(9), project="Q", limit=5)) == ["2.png"]
        assert (sizes(projections, project="P").pending, sizes(projections, project="P").started) == (1, 1)


def test_the_export_lines_are_what_is_owed_and_what_was_executed(stage):
    stage.tell(f"""
        ann records a/1.png {BOX} group g
        ann records a/2.png {BOX}
        ann records a/3.png {BOX}
        r1 starts a/1.png
        r1 executes a/1.png
        ann withdraws a/3.png
    """)
    with stage.projections() as projections:
        [pending], [executed] = pending_lines(projections), executed_lines(projections)
    assert (pending.filename, pending.dir, pending.created_at) == ("2.png", "/photos/a", stage.at(2))
    assert (executed.filename, executed.group_id, executed.width, executed.x2) == ("1.png", "g", 800, 0.8)


def test_claiming_reads_the_index_of_what_is_owed_and_no_more(stage):
    stage.catch_up()
    with stage.projections() as projections:
        plan = [str(row) for row in projections._connection.execute("EXPLAIN QUERY PLAN SELECT * FROM queue LIMIT 3")]
    assert any("queue_owed" in line for line in plan)
    assert not any("TEMP B-TREE" in line for line in plan)
