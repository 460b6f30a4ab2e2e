"""Which files the studies of an account were submitted from, as far as this machine knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runfleet.cli.study_files import load_study
from runfleet.cli.study_names import is_study_file
from runfleet.errors import RunfleetError
from runfleet.home import Folders
from runfleet.launch import Account
from runfleet.launch.record import new_identity
from runfleet.study import Study

_SUFFIX = ".file"


@dataclass(frozen=True, slots=True)
class Origins:
    """
    The files that studies come from, noted so that their names will do later on.

    Parameters
    ----------
    account
        Where the studies are.
    """

    account: Account

    def note(self, study: str, path: str, *, anew: bool) -> str:
        """
        Note which file a study is submitted from, and which one of its name it is.

        Parameters
        ----------
        study
            Its name.
        path
            Its file, or else its name.
        anew
            Whether it takes the place of another one.

        Returns
        -------
        identity
            What to submit it by; noted before that, so that it is known in whatever interrupts it.
        """
        there = None if anew else self.account.identity_of(study)
        identity = new_identity() if there is None else there
        file = Path(path).absolute() if is_study_file(path) else self.file_of(study)
        if file is not None:
            note = self._note(study)
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(f"{file}\n{identity}", encoding="utf-8")
        return identity

    def forget(self, study: str) -> None:
        """Forget where a study came from."""
        self._note(study).unlink(missing_ok=True)

    def file_of(self, study: str) -> Path | None:
        """Name the file that a study was last submitted from, if that is known."""
        noted = self._noted(study)
        return noted[0] if noted else None

    def study_from(self, path: str) -> str | None:
        """Name the study that was last submitted from a file."""
        file = Path(path).absolute()
        names = (note.name.removesuffix(_SUFFIX) for note in self._folder.glob(f"*{_SUFFIX}"))
        return next((name for name in names if self.file_of(name) == file), None)

    def load(self, study: str) -> Study:
        """
        Load a study from the file that it was last submitted from.

        Raises
        ------
        RunfleetError
            If that file is not known, is not there, or is one of another study by now.
        """
        file = self.file_of(study)
        if file is None:
            raise _not_found(f"it is not known which file study `{study}` was submitted from")
        if not file.is_file():
            raise _not_found(f"`{file}`, the file of study `{study}`, is not there any more")
        loaded = load_study(str(file))
        if loaded.name != study:
            raise _not_found(f"`{file}` is the file of study `{loaded.name}` now, not of `{study}`")
        return loaded

    def refuse_namesake(self, study: str, path: str) -> None:
        """
        Refuse a file whose study has the name of another file's: their results would mix.

        Raises
        ------
        RunfleetError
            If the other file is still there; one that is not has been moved.
        """
        other = self.file_of(study)
        if other and other.is_file() and Path(path).is_file() and not other.samefile(path):
            raise RunfleetError(
                f"the name `{study}` belongs to the study of `{other}`",
                hint="give this one another, `study: NAME`; or let it take the other's place with "
                f"`runfleet run {path} --replace`",
            )

    def refuse_stranger(self, study: str) -> None:
        """
        Refuse to change a study that somebody submitted elsewhere: it may be another one.

        Raises
        ------
        RunfleetError
            If the account is shared, and this machine never submitted a study of that name, or
            another one than is there now.
        """
        if not self.account.is_local and self._is_strange(study):
            raise RunfleetError(
                f"account `{self.account.name}` has a study `{study}` from another machine, and "
                "it is not the same",
                hint="give this one another name, `study: NAME`; or let it take the other's place "
                "with `runfleet run --replace`",
            )

    def _is_strange(self, study: str) -> bool:
        noted = self._noted(study)
        if noted is None:
            return True
        _, identity = noted
        there = self.account.identity_of(study)
        # Old notes do not tell which one it was, nor old records which one it is.
        return bool(identity and there and identity != there)

    def _noted(self, study: str) -> tuple[Path, str] | None:
        """Read which file was noted of a study, and which identity, if it was."""
        note = self._note(study)
        if not note.exists():
            return None
        text = note.read_text(encoding="utf-8")
        file, identity = text.rsplit("\n", 1) if "\n" in text else (text, "")
        return Path(file), identity

    @property
    def _folder(self) -> Path:
        return Folders(self.account.home).studies(self.account.name)

    def _note(self, study: str) -> Path:
        return self._folder / f"{study}{_SUFFIX}"


def _not_found(what: str) -> RunfleetError:
    return RunfleetError(what, hint="name the study file instead of the study")
