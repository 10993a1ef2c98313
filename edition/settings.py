"""Where the published edition is, and where its sources are: ``settings.toml``, and what is made from it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("settings.toml")


@dataclass(frozen=True)
class Settings:
    """``site_url`` ends with a slash, ``repository`` does not."""

    site_url: str
    repository: str
    branch: str

    @property
    def on_github(self) -> str:
        """Owner and name."""
        return self.repository.removeprefix("https://github.com/")

    def file(self, path: str) -> str:
        """Where a file of the repository is read."""
        return f"{self.repository}/blob/{self.branch}/{path}"

    def edit(self, path: str) -> str:
        """Where a file of the repository is edited."""
        return f"{self.repository}/edit/{self.branch}/{path}"


def read_settings(file: Path = FILE) -> Settings:
    """The settings.

    Raises:
        ValueError: if one is missing or has another form, with the cure.
    """
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    missing = {"site_url", "repository", "branch"} - said.keys()
    if missing:
        raise ValueError(f"{file.name} lacks {', '.join(sorted(missing))}.")
    if not said["site_url"].startswith("https://") or not said["site_url"].endswith("/"):
        raise ValueError(f"{file.name}: site_url begins with https:// and ends with a slash.")
    if not said["repository"].startswith("https://github.com/"):
        raise ValueError(f"{file.name}: repository begins with https://github.com/")
    return Settings(said["site_url"], said["repository"].rstrip("/"), said["branch"])
