"""CSV as any program exports it, read by a saved column profile."""

from adapters.sources.csv.document import Csv
from adapters.sources.csv.profile_files import BadProfile, names, shipped

__all__ = ["BadProfile", "Csv", "names", "shipped"]
