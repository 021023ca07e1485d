"""One small file of every layout, in the shape of the real ones; every value in them is made up."""

import json
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

AT = "2025-11-02T10:00:00.250000Z"
HEADER_V1 = (
    "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,timestamp,"
    "image_0_path,image_0_stage,width_0,height_0,image_1_path,image_1_stage,width_1,height_1"
)
HEADER_V2 = "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"
GROUP = "mojo3_group_20251023T204456880505_batch001_img050"

V1 = "\r\n".join(
    [
        HEADER_V1,
        f"2025-11-02 05:59:00,g1,set_x,1,0,set_x/a.png,100.0,50.0,500.0,250.0,{AT},set_x/a.png,stage1,800,400,,,,",
        "s,g,d,2,1,d/b.png,0.0,0.0,100.0,100.0,2025-11-02T10:00:00Z,d/a.png,s1,100,100,d/b.png,s2,400,400",
        f's,"a, ""quoted""\r\nset",set_x,1,0,set_x/c.png,0.0,0.0,1.0,1.0,{AT},set_x/c.png,stage1,0,0,,,,',
        "",
    ]
).encode()
V2 = f"{HEADER_V2}\r\n{AT},p,e.png,0.125,0.125,0.625,0.625,800,400\r\n".encode()
HISTORICAL = (
    b"session_id,set_id,directory,image_count,chosen_path,chosen_stage,time_diff_days,raw_mtime,final_mtime\r\n"
    b"2025-06-02 05:59:00,g,d,1,d/h.png,stage2_upscaled,3.5,2025-06-02T10:00:00Z,2025-06-05T22:00:00Z\r\n"
    b"session_id,set_id,directory,chosen_path,chosen_stage,final_mtime,project_id,note\r\n"
    b"2025-06-02 05:59:00,g,d,d/n.png,stage2_upscaled,2025-06-05T22:00:01Z,p,no coordinates\r\n"
)
SELECTION = (
    b"session_id,set_id,chosen_path,neg_paths,timestamp\r\n"
    b's1,g1,d/a.png,"[""d/b.png"", ""d/c.png""]",2025-11-02T10:00:00Z\r\n'
    b"s1,g2,d/e.png,\"['d/f.png']\",2025-11-02T10:00:01Z\r\n"
)
TIMING = (
    b"batch_id,timestamp_queued,timestamp_started,timestamp_completed,crops_in_batch,total_time_ms,"
    b"avg_time_per_crop_ms,project_id,session_id\r\n"
    b"20251102_100000_001,2025-11-02T10:00:00Z,2025-11-02T11:00:00Z,2025-11-02T11:00:02Z,3,812.5,270.8,p,s1\r\n"
)
FOCUS = b"2025-11-02T10:25:00Z,25\n2025-11-02T11:25:00Z,25.5\n"


def _lines(*objects: object) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in objects)


PENDING = _lines(
    {
        "created_at": "2025-11-02T10:00:00Z", "project_id": "p", "group_id": None, "filename": "q.png", "dir": "/d",
        "width": 800, "height": 400, "crop_norm": [0.125, 0.125, 0.625, 0.625],
    }
)  # fmt: skip


def batch(status: str, path: str = "/d/a.png", number: int = 1) -> dict[str, object]:
    done = status in {"completed", "failed"}
    return {
        "batch_id": f"20251102_100000_{number:03}", "timestamp_queued": f"2025-11-02T10:00:{number:02}Z",
        "session_id": "s1", "project_id": "p",
        "crops": [
            {
                "source_path": path, "crop_rect": [100, 50, 500, 250],
                "crop_rect_normalized": [0.125, 0.125, 0.625, 0.625], "dest_directory": "/d/__cropped",
                "image_width": 800, "image_height": 400, "index_in_batch": 0,
            }
        ],
        "status": status, "timestamp_processed": "2025-11-02T12:00:00Z" if done else None,
        "processing_time_ms": 200.5 if done else None, "error": "no such file" if status == "failed" else None,
    }  # fmt: skip


BATCHES = _lines(batch("completed", number=1), batch("completed", "/d/b.png", number=2))

TRACKER = _lines(
    {
        "type": "session_start", "script": "multi_crop_tool", "session_id": "20251120_102502",
        "timestamp": "2025-11-20T10:25:00+00:00", "working_dir": "/a",
    },
    {
        "type": "file_operation", "script": "multi_crop_tool", "session_id": "20251120_102502", "batch_id": None,
        "timestamp": "2025-11-20T10:25:02.116053+00:00", "operation": "move", "source_dir": "/a",
        "dest_dir": "__cropped", "file_count": 3, "notes": "n", "files": ["1.png", "2.png"],
    },
    {
        "type": "file_operation", "script": "m", "session_id": "s", "batch_id": None,
        "timestamp": "2025-11-20T10:25:03+00:00", "operation": "/a", "source_dir": 3, "dest_dir": "x",
        "file_count": "move", "notes": None, "files_sample": ["1.png"],
    },
)  # fmt: skip
OPERATIONS = _lines(
    {
        "event_id": "evt:0123456789ab", "script_id": "m", "session_id": "s", "ts_utc": "2025-11-20T10:25:02Z",
        "tz_source": "iso_z", "event_type": "file_operation", "operation": "move", "source_dir": "/a",
        "dest_dir": "/b", "file_count": 1, "notes": "", "files_sample": ["a.png"], "day": "20251120", "extra": {},
    }
)  # fmt: skip
TIMER = json.dumps(
    {
        "script_name": "m", "session_id": "s", "start_time": 1762077600.5, "end_time": 1762081200.5,
        "active_time": 3000.0, "idle_time": 600.0, "last_activity": 1762081200.0, "batches": [], "operations": [],
    },
    indent=2,
).encode()  # fmt: skip
DAILY = json.dumps([json.loads(TIMER), json.loads(TIMER) | {"session_id": "t", "end_time": None}], indent=2).encode()
TIMER_V1 = _lines(
    {
        "source": "timer", "script_id": "m", "session_id": "s", "start_ts_utc": "2025-11-02T10:00:00Z",
        "end_ts_utc": "2025-11-02T11:00:00Z", "active_seconds": 3000, "idle_seconds": 600, "files_processed": 47,
        "day": "20251102",
    }
)  # fmt: skip
PROGRESS = json.dumps(
    {
        "directory": "/d", "directory_hash": "0" * 64, "total_images": 3, "completed_count": 1, "current_index": 1,
        "last_processed_file": "a.png", "last_session_start": None, "last_session_end": None, "session_count": 1,
        "completed_files": ["a.png"], "skipped_files": ["b.png"], "output_directory": None,
        "created": "2025-11-02T10:00:00Z", "modified": "2025-11-02T11:00:00Z",
    },
    indent=2,
).encode()  # fmt: skip
SESSION_PROGRESS = json.dumps(
    {
        "base_directory": "/d", "session_start": "2025-11-02 09:00:00", "current_directory_name": "x",
        "directories": {
            "x": {"status": "in_progress", "total_files_initial": 9},
            "y": {"status": "completed", "files_processed": 4, "total_files": 4},
        },
    },
    indent=2,
).encode()  # fmt: skip
SORTER = json.dumps(
    {
        "directory": "/d", "started_at": "2025-11-02T09:00:00Z", "updated_at": "2025-11-02T10:00:00Z",
        "status": "in_progress", "total_files": 3, "current_index": 1, "completed_files": ["a.png"],
    }
).encode()  # fmt: skip
MANIFEST = json.dumps(
    {
        "schemaVersion": 1, "projectId": "mojo1", "title": "Mojo One", "status": "finished",
        "createdAt": "2025-10-01T10:00:00Z", "startedAt": "2025-10-02T10:00:00Z", "finishedAt": None,
        "paths": {"root": "/d", "selectedDir": "s", "cropDir": "c", "characterGroups": []},
        "counts": {"initialImages": 10, "finalImages": None}, "metrics": {}, "steps": [], "notes": "",
    },
    indent=2,
).encode()  # fmt: skip

_SUGGESTED = {"project_id": "p", "group_id": GROUP, "needs_crop": True, "ai_crop_coords": [0.15, 0.02, 0.79, 0.67]}
SIDECARS: dict[str, dict[str, object]] = {
    "by filename": _SUGGESTED | {"filename": "a.png"},
    "by image path": _SUGGESTED | {"image_path": "/d/x/b.png", "ai_route": "crop", "ai_crop_accepted": False},
    "by images": _SUGGESTED | {"images": ["a.png", "b.png"], "ai_selected_index": 1},
    "by stem": _SUGGESTED | {"kept": {"of": ["a later", 1.5]}, "ai_crop_accepted": True},
    "of a group": {
        "group_id": "20250719_143022", "project_id": "p", "images": ["a.png", "b.png", "c.png"],
        "ai_recommendation": {
            "selected_index": 2, "confidence": 0.87, "crop_coords": [0.1, 0.0, 0.9, 0.8], "reason": "sharp",
        },
        "user_decision": {
            "selected_index": 1, "action": "crop", "crop_coords": [0.2, 0.0, 0.9, 0.7],
            "timestamp": "2025-11-02T10:00:00Z",
        },
    },
}  # fmt: skip
SIDECAR = json.dumps(SIDECARS["by stem"], indent=2).encode()

COLUMNS = {
    "group_id": "TEXT PRIMARY KEY", "timestamp": "TEXT NOT NULL", "project_id": "TEXT NOT NULL", "directory": "TEXT",
    "batch_number": "INTEGER", "images": "TEXT NOT NULL",
    "ai_selected_index": "INTEGER CHECK (ai_selected_index BETWEEN 0 AND 3)", "ai_crop_coords": "TEXT",
    "ai_confidence": "REAL CHECK (ai_confidence BETWEEN 0 AND 1)", "user_selected_index": "INTEGER NOT NULL",
    "user_action": "TEXT NOT NULL CHECK (user_action IN ('approve', 'crop', 'reject'))",
    "ai_crop_accepted": "BOOLEAN", "final_crop_coords": "TEXT", "crop_timestamp": "TEXT",
    "image_width": "INTEGER NOT NULL", "image_height": "INTEGER NOT NULL", "selection_match": "BOOLEAN",
    "crop_match": "BOOLEAN",
}  # fmt: skip
ROW: dict[str, object] = {
    "group_id": GROUP, "timestamp": "2025-11-02T10:00:00Z", "project_id": "p", "directory": "/d/x", "batch_number": 1,
    "images": '["a.png", "b.png"]', "ai_selected_index": 1, "ai_crop_coords": "[0.1, 0.2, 0.65, 0.9]",
    "ai_confidence": 0.91, "user_selected_index": 1, "user_action": "crop", "ai_crop_accepted": 0,
    "final_crop_coords": "[0.1, 0.2, 0.6, 0.9]", "crop_timestamp": "2025-11-02T10:01:00Z", "image_width": 800,
    "image_height": 400, "selection_match": 1, "crop_match": 0,
}  # fmt: skip

VARIANTS: dict[str, dict[str, str]] = {
    "as it should be": COLUMNS,
    "without ai_crop_accepted": {name: kind for name, kind in COLUMNS.items() if name != "ai_crop_accepted"},
    "without checks": {name: kind.partition(" CHECK")[0] for name, kind in COLUMNS.items()},
    "with nullable user columns": COLUMNS | {"user_selected_index": "INTEGER", "user_action": "TEXT"},
    "without optional columns": {
        name: kind for name, kind in COLUMNS.items() if "NOT NULL" in kind or name in {"group_id", "final_crop_coords"}
    },
}  # fmt: skip


def database(
    *rows: dict[str, object], columns: dict[str, str] = COLUMNS, table: str = "ai_decisions", page_size: int = 4096
) -> bytes:
    """A decisions database of another tool. (Made with the standard library, as the tools did.)"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.db"
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA page_size = {page_size}")
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"CREATE TABLE {table} ({declared})")
        for row in rows:
            kept: Sequence[str] = [name for name in row if name in columns]
            marks = ", ".join("?" * len(kept))
            connection.execute(
                f"INSERT INTO {table} ({', '.join(kept)}) VALUES ({marks})", [row[name] for name in kept]
            )
        connection.commit()
        connection.close()
        return path.read_bytes()


REJECTED = ROW | {
    "group_id": "g2", "user_action": "reject", "user_selected_index": 1, "final_crop_coords": None,
    "crop_timestamp": None, "image_width": 2048, "image_height": 2048,
}  # fmt: skip

FILES: dict[str, tuple[str, bytes, int]] = {
    "crop_log_v1": ("log.csv", V1, 3),
    "crop_log_v2": ("training.csv", V2, 1),
    "historical_log": ("old.csv", HISTORICAL, 2),
    "selection_log": ("selections.csv", SELECTION, 2),
    "timing_log": ("timing_log.csv", TIMING, 1),
    "focus_sessions": ("focus_sessions.csv", FOCUS, 2),
    "pending_queue": ("processed.jsonl", PENDING, 1),
    "crop_queue": ("crop_queue.jsonl", BATCHES, 2),
    "tracker_log": ("file_operations.log", TRACKER, 3),
    "operation_events_v1": ("events.jsonl", OPERATIONS, 1),
    "timer_session": ("daily_20251102.json", DAILY, 2),
    "timer_session_v1": ("timers.jsonl", TIMER_V1, 1),
    "progress_file": ("d_progress.json", PROGRESS, 1),
    "session_progress": ("session.json", SESSION_PROGRESS, 1),
    "sorter_progress": ("sorter.json", SORTER, 1),
    "project_manifest": ("mojo1.project.json", MANIFEST, 1),
    "decision_sidecar": ("c.decision", SIDECAR, 1),
    "decisions_database": ("p.db", database(ROW, REJECTED), 2),
}
"""Layout -> the file's name, its content, and how many records it holds."""
