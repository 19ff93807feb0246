"""Ways to hand a bank a file and to fetch what it says: HTTP, a directory, SFTP; whatever the files' language.

`places` are the settings, `opened` makes the mailbox for one. All keep the same promises: a file is handed over whole
or not at all, the same bytes under the same name are the same file, and a message is read whole and given up only
after `acknowledge`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from adapters.mailboxes.directory import DirectoryMailbox
from adapters.mailboxes.http import FileMailbox
from adapters.mailboxes.places import DirectoryPlace, HttpPlace, SftpPlace, Transport

if TYPE_CHECKING:
    from gateway.bank_ports import Ack, InboundMessage
    from gateway.outbound import Outbound

__all__ = ["DirectoryPlace", "FileMailbox", "HttpPlace", "Mailbox", "SftpPlace", "Transport", "opened"]


class Mailbox(Protocol):
    """A bank's two ends for files."""

    async def submit(self, message: bytes, content_type: str, reference: str) -> Ack:
        """Hand over a file, named by `reference` where files have names.

        Raises Unreachable (surely not there) or Unanswered (it may be).
        """

    async def fetch(self) -> list[InboundMessage]:
        """What waits, oldest first; it stays there until acknowledged. Raises Unreachable."""

    async def acknowledge(self, message_ids: list[str]) -> None:
        """These were stored durably and need not be told again. Raises Unreachable."""


def opened(place: Transport, outbound: Outbound) -> Mailbox:
    """The mailbox at `place`; nothing is contacted yet. Raises ValueError for a place that none can be made for."""
    if isinstance(place, DirectoryPlace):
        return DirectoryMailbox(place)
    if isinstance(place, SftpPlace):
        try:
            from adapters.mailboxes.sftp import SftpMailbox  # noqa: PLC0415 - its library is an extra
        except ImportError as error:
            raise ValueError("a transport of kind sftp needs restock-gateway[sftp]") from error
        return SftpMailbox(place)
    return FileMailbox(place, outbound)
