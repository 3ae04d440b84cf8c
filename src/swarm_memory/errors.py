"""Every error this project raises on purpose.

The tree::

    SwarmMemoryError
    ├── ConfigurationError       [configuration]       a setting is wrong; raised at start
    ├── InvalidArgument          [invalid_argument]    the caller's input breaks a rule
    ├── UnknownTool              [unknown_tool]        no such tool in the served toolset
    ├── NotFound                 [not_found]           an id names nothing
    ├── ValueMissing             [value_missing]       store without a value on a key that does not exist
    ├── VersionConflict          [version_conflict]    if_version does not name the current version
    ├── NotANumber               [not_a_number]        increment of something that is no JSON number
    ├── NotAList                 [not_a_list]          append to something that is no JSON list
    ├── NumberOverflow           [number_overflow]     the sum leaves the 64-bit integers or the doubles
    ├── TooLarge                 [too_large]           the outcome would break a size limit
    ├── LooksLikeSecret          [looks_like_secret]   what is to be stored has the shape of a credential
    ├── RequestIdReused          [request_id_reused]   one request id, two different calls
    ├── NoPrimary                [no_primary]          Turso persistence asked for, none configured
    ├── StaleClaim               [stale_claim]         the claim is over: another one may have the task
    ├── ClaimOpen                [claim_open]          the agent holds a claim already
    ├── WrongState               [wrong_state]         the task is not in a state in which this can be done
    ├── AlreadyReserved          [already_reserved]    another one holds the files
    ├── SwarmFull                [swarm_full]          maxAgents agents live in the swarm
    ├── AgentGone                [agent_gone]          the agent was retired, or its place is taken
    ├── SwarmEnded               [swarm_ended]         the swarm is archived
    ├── TopologyForbidden        [topology_forbidden]  the swarm's topology does not let this agent do that
    ├── InboxFull                [inbox_full]          a recipient has too much unread mail
    ├── ModelUnavailable         [model_unavailable]   the model for search by meaning cannot be used
    ├── InternalError            [internal_error]      a fault of this program; the log has the reference
    └── StorageError
        ├── StorageBusy          [storage_busy]        the lock was not free in time; retryable
        ├── StorageUnavailable   [storage_unavailable] the store cannot be opened, read or written now
        ├── StorageFull          [storage_full]        the disk or a quota is full
        ├── StorageCorrupt       [storage_corrupt]     the file is damaged or is no database
        ├── StorageReadOnly      [storage_read_only]   this store may only be read from here
        ├── PrimaryRefused       [primary_refused]     the primary does not accept the token, or is none
        └── SchemaMismatch       [schema_mismatch]     the store was made by a version this one cannot work with

An error is told to people and agents in one form, ``[code] what happened. Next: what to do.``
"""

from typing import ClassVar


class SwarmMemoryError(Exception):
    """The root. ``str()`` gives the whole text that an agent or a person sees.

    Args:
        message: What happened, one sentence or more, with its full stop.
        next_step: What to do now, an imperative sentence with its full stop.
    """

    code: ClassVar[str]
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, next_step: str) -> None:
        """Keep both halves; neither may hold a secret."""
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        """The one form in which every error is told."""
        return f"[{self.code}] {self.message} Next: {self.next_step}"


class ConfigurationError(SwarmMemoryError):
    """A setting is wrong; raised at start, before anything is served."""

    code = "configuration"


class InvalidArgument(SwarmMemoryError):
    """The caller's input breaks a rule; the store is unchanged."""

    code = "invalid_argument"


class UnknownTool(SwarmMemoryError):
    """The served toolset has no tool of this name."""

    code = "unknown_tool"


class NotFound(SwarmMemoryError):
    """An id names nothing that lives."""

    code = "not_found"


class ValueMissing(SwarmMemoryError):
    """``store`` came without a value, and the key does not exist, so nothing can be published again."""

    code = "value_missing"


class VersionConflict(SwarmMemoryError):
    """``if_version`` does not name the current version; the store is unchanged."""

    code = "version_conflict"


class NotANumber(SwarmMemoryError):
    """``increment`` met a value that is no JSON number."""

    code = "not_a_number"


class NotAList(SwarmMemoryError):
    """``append`` met a value that is no JSON list."""

    code = "not_a_list"


class NumberOverflow(SwarmMemoryError):
    """The sum would leave ±2^63 (integers) or the finite doubles; nothing was written."""

    code = "number_overflow"


class TooLarge(SwarmMemoryError):
    """The outcome of the write would break a size limit; nothing was written."""

    code = "too_large"


class LooksLikeSecret(SwarmMemoryError):
    """What is to be stored has the known shape of a credential; nothing was written."""

    code = "looks_like_secret"


class RequestIdReused(SwarmMemoryError):
    """A request id came again with another tool or other arguments."""

    code = "request_id_reused"


class NoPrimary(SwarmMemoryError):
    """Persistence on Turso was asked for, and no primary is configured."""

    code = "no_primary"


class StaleClaim(SwarmMemoryError):
    """The claim is over: it ran out, was given back or ended, and another agent may have the task."""

    code = "stale_claim"


class ClaimOpen(SwarmMemoryError):
    """The agent holds a claim, and may hold only one at a time."""

    code = "claim_open"


class WrongState(SwarmMemoryError):
    """The task is not in a state in which this can be done; nothing was written."""

    code = "wrong_state"


class AlreadyReserved(SwarmMemoryError):
    """Another agent holds one of the files; nothing was reserved."""

    code = "already_reserved"


class SwarmFull(SwarmMemoryError):
    """As many agents live in the swarm as may."""

    code = "swarm_full"


class AgentGone(SwarmMemoryError):
    """The agent was retired, or it was silent so long that its place was taken."""

    code = "agent_gone"


class SwarmEnded(SwarmMemoryError):
    """The swarm is archived: it takes no agents and no tasks, and gives none out."""

    code = "swarm_ended"


class TopologyForbidden(SwarmMemoryError):
    """The swarm's topology or strategy does not let this agent do that."""

    code = "topology_forbidden"


class InboxFull(SwarmMemoryError):
    """A recipient has 5,000 unread messages; nothing was sent."""

    code = "inbox_full"


class ModelUnavailable(SwarmMemoryError):
    """The model for search by meaning is not installed, or cannot be read; search by words works."""

    code = "model_unavailable"


class InternalError(SwarmMemoryError):
    """A fault of this program; the text holds a reference that the log has too."""

    code = "internal_error"


class StorageError(SwarmMemoryError):
    """The store did not do what was asked."""

    code = "storage_error"


class StorageBusy(StorageError):
    """Other writers held the lock until the time-out; nothing was written."""

    code = "storage_busy"
    retryable = True


class StorageUnavailable(StorageError):
    """The store cannot be opened, read or written now."""

    code = "storage_unavailable"
    retryable = True


class StorageFull(StorageError):
    """The disk or a quota is full; nothing was written."""

    code = "storage_full"


class StorageCorrupt(StorageError):
    """The file is damaged or is no database."""

    code = "storage_corrupt"


class StorageReadOnly(StorageError):
    """This store may only be read from here."""

    code = "storage_read_only"


class PrimaryRefused(StorageError):
    """The primary does not accept the token, does not speak libSQL's protocol, or its certificate is not trusted."""

    code = "primary_refused"


class SchemaMismatch(StorageError):
    """The store was made by a version that this one cannot work with."""

    code = "schema_mismatch"
