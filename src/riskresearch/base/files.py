"""Files that are whole or absent, for what is written piece by piece."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPORARY = ".tmp"


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Give a temporary path in the file's folder; what is written there becomes the file if all goes well.

    A reader sees the old file or the whole new one, never a part. What a killed process leaves behind is
    removed by `riskresearch.base.run.sweep`.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_file(folder / "rows.csv") as temporary:
    ...     _ = temporary.write_text("a,b")
    >>> [path.name for path in folder.iterdir()]
    ['rows.csv']
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=TEMPORARY)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o644)
        os.replace(temporary, file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
