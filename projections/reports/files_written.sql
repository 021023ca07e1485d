-- The crops on disk, with their sizes and originals.
SELECT output, source, size_bytes, sha256, at, run FROM files_written ORDER BY output
