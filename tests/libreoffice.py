"""The only place where tests let LibreOffice open a workbook."""

import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook


def recalculated(content: bytes, folder: Path) -> Workbook:
    """The workbook as LibreOffice calculates it: without the values we wrote beside the formulas, so it has to."""
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("没有 LibreOffice（soffice）")
    source, target = folder / "source.xlsx", folder / "out"
    load_workbook(BytesIO(content)).save(source)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        [soffice, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(target), str(source)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return load_workbook(target / "source.xlsx", data_only=True)
