"""Which files the studies of an account were submitted from, as far as this machine knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runfleet.home import StudiesFolder
from runfleet.launch.errors import NameTakenError
from runfleet.storage.files import written_whole
from runfleet.study import Study


@dataclass(frozen=True, slots=True)
class Origins:
    """
    The files that studies come from, noted so that their names will do later on.

    Parameters
    ----------
    folder
        What this machine remembers of the studies of an account.
    """

    folder: StudiesFolder

    def note(self, study: Study, identity: str) -> None:
        """Note which file a study is submitted from, and which one of its name it is."""
        note = self.folder.origin(study.name)
        with written_whole(note) as partial:
            partial.write_text(f"{_file_of(study)}\n{identity}", encoding="utf-8")

    def forget(self, study: str) -> None:
        """Forget where a study came from."""
        self.folder.origin(study).unlink(missing_ok=True)

    def file_of(self, study: str) -> Path | None:
        """Name the file that a study was last submitted from, if that is known."""
        noted = self._noted(study)
        return noted[0] if noted else None

    def identity_of(self, study: str) -> str | None:
        """Tell which one of its name was last submitted; empty in old notes, None without one."""
        noted = self._noted(study)
        return noted[1] if noted else None

    def study_from(self, path: str) -> str | None:
        """Name the study that was last submitted from a file."""
        file = Path(path).absolute()
        names = (note.stem for note in self.folder.path.glob(self.folder.origin("*").name))
        return next((name for name in names if self.file_of(name) == file), None)

    def refuse_namesake(self, study: Study) -> None:
        """
        Refuse a study that has the name of another file's: their results would mix.

        Raises
        ------
        NameTakenError
            If the other file is still there; one that is not has been moved.
        """
        other, own = self.file_of(study.name), _file_of(study)
        if other and other.is_file() and own.is_file() and not other.samefile(own):
            raise NameTakenError(
                f"the name `{study.name}` belongs to the study of `{other}`",
                hint="give this one another, `study: NAME`; or let it take the other's place with "
                f"`runfleet run {study.file} --replace`",
            )

    def _noted(self, study: str) -> tuple[Path, str] | None:
        """Read which file was noted of a study, and which identity, if it was."""
        try:
            text = self.folder.origin(study).read_text(encoding="utf-8")
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        if not text or "\0" in text:  # as a crash of the machine leaves it
            return None
        file, identity = text.rsplit("\n", 1) if "\n" in text else (text, "")
        return Path(file), identity


def _file_of(study: Study) -> Path:
    """Name its file so that it is found from anywhere."""
    return study.folder / study.file.name
