"""Every image seen, and how far each directory is."""

from projections.progress import DirectoryProgress, image, images, known, progress

BOX = "0.1,0.2,0.8,0.9"

EVERY_STATUS = f"""
    ann records a/recorded.png {BOX}
    ann records a/started.png {BOX}
    r1 starts a/started.png
    ann records a/failed.png {BOX}
    r1 starts a/failed.png
    r1 fails a/failed.png missing finally
    ann records a/executed.png {BOX}
    r1 starts a/executed.png
    r1 executes a/executed.png
    ann skips a/skipped.png
    ann records a/withdrawn.png {BOX}
    ann withdraws a/withdrawn.png
    log imports a/imported.png
    ann keeps a/kept.png
"""


def statuses(projections, directory="/photos/a"):
    return {each.filename.removesuffix(".png"): each.status for each in images(projections, directory)}


def test_an_image_has_one_status_at_a_time(stage):
    stage.tell(EVERY_STATUS)
    with stage.projections() as projections:
        assert statuses(projections) == {
            "recorded": "recorded", "started": "started", "failed": "failed", "executed": "executed",
            "skipped": "skipped", "withdrawn": "open", "imported": "imported", "kept": "kept",
        }  # fmt: skip


def test_the_counts_of_a_directory_add_up_to_the_images_seen(stage):
    stage.tell(EVERY_STATUS)
    with stage.projections() as projections:
        [a] = progress(projections)
    assert (a.project, a.directory, a.seen, a.recorded) == ("P", "/photos/a", 8, 4)
    assert (a.completed, a.skipped, a.pending, a.failed, a.problem) == (3, 1, 3, 1, 0)
    assert a.completed + a.skipped + a.pending + a.failed + a.problem == a.seen
    assert (a.executed, a.kept, a.imported, a.open, a.owed) == (1, 1, 1, 1, 2)
    assert (a.decided, a.finished) == (6, 4)
    assert (a.percent_decided, a.percent_executed) == (75.0, 50.0)
    assert (a.first_at, a.last_at) == (stage.at(1), stage.at(14))


def test_directories_and_projects_never_share_progress(stage):
    stage.tell(f"""
        ann records a/1.png {BOX} project P
        ann records a/1.png {BOX} project Q
        ann records a/b/1.png {BOX} project P
        ann skips a/2.png project Q
    """)
    with stage.projections() as projections:
        found = [(each.project, each.directory, each.seen, each.skipped) for each in progress(projections)]
        assert found == [("P", "/photos/a", 1, 0), ("P", "/photos/a/b", 1, 0), ("Q", "/photos/a", 2, 1)]
        assert [each.project for each in progress(projections, directory="/photos/a")] == ["P", "Q"]
        assert [each.seen for each in progress(projections, directory="/photos/a", project="Q")] == [2]


def test_a_passing_failure_a_retry_and_an_undo_leave_the_crop_recorded(stage):
    stage.tell(f"""
        ann records a/1.png {BOX}
        r1 starts a/1.png
        r1 fails a/1.png busy
        ann records a/2.png {BOX}
        r1 starts a/2.png
        r1 fails a/2.png missing finally
        ann retries a/2.png
        ann records a/3.png {BOX}
        r1 starts a/3.png
        r1 executes a/3.png
        ann undoes a/3.png
    """)
    with stage.projections() as projections:
        assert statuses(projections) == {"1": "recorded", "2": "recorded", "3": "recorded"}


def test_a_skip_taken_back_leaves_the_image_open(stage):
    stage.tell("ann skips a/1.png\n ann restores a/1.png")
    with stage.projections() as projections:
        assert statuses(projections) == {"1": "open"}


def test_evidence_never_undoes_a_decision_whichever_came_first(stage):
    stage.tell(f"""
        ann records a/1.png {BOX}
        log imports a/1.png
        log imports a/2.png
        ann skips a/2.png
    """)
    with stage.projections() as projections:
        assert statuses(projections) == {"1": "recorded", "2": "skipped"}
        assert [each.seen for each in progress(projections)] == [2]


def test_an_image_is_found_by_its_name_and_by_its_subject(stage):
    stage.tell(f"ann records a/1.png {BOX} project P\n ann records a/1.png {BOX} project Q\n ann skips a/2.png")
    with stage.projections() as projections:
        assert [each.project for each in known(projections, "/photos/a", filename="1.png")] == ["P", "Q"]
        [found] = known(projections, "/photos/a", filename="1.png", project="Q")
        assert image(projections, found.subject) == found
        assert image(projections, "image/none") is None


def test_one_directory_is_looked_up_by_index_in_both_tables(stage):
    asked = []
    with stage.projections() as projections:
        connection = projections._connection
        connection.exec_trace = lambda _cursor, sql, bindings: asked.append((sql, bindings)) or True
        progress(projections, directory="/photos/a")
        connection.exec_trace = None
        [(sql, bindings)] = asked
        plan = " ".join(str(row) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", bindings))
    assert "decided_images_by_place" in plan
    assert "imported_images" in plan


def test_one_directory_asked_for_is_the_row_of_the_view(stage):
    stage.tell(EVERY_STATUS + f"ann records b/1.png {BOX}")
    with stage.projections() as projections:
        assert progress(projections, directory="/photos/a") == [
            each for each in progress(projections) if each.seen == 8
        ]
        assert progress(projections) == projections.rows(DirectoryProgress, "FROM progress ORDER BY project, directory")
