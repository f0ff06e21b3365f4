"""The base of every message on Kafka: what it is called, where it travels, what orders it."""

from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict

from contracts.topics import Topic


class Word(BaseModel):
    """A part of a message: frozen, and blind to fields it does not know (additive change)."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
    )


class Event(Word):
    """A message: facts only; id, type, source, time and trace ride in headers (CloudEvents 1.0).

    >>> class ReportSubmitted(Event, type="submissions.report.submitted.v1", ...):
    ...     report_id: UUID
    """

    type: ClassVar[str]
    topic: ClassVar[Topic]
    key: ClassVar[str]
    facts_in: ClassVar[Literal["value", "headers"]] = "value"
    """``headers`` for a message whose value is bytes that nobody may change."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__()
        cls.type, cls.topic, cls.key = kwargs["type"], kwargs["topic"], kwargs["key"]
        cls.facts_in = kwargs.get("facts_in", "value")
        if cls.type in EVENTS:
            raise TypeError(f"{cls.type} is already said by {EVENTS[cls.type].__name__}")
        if cls.key not in cls.model_fields:
            raise TypeError(f"{cls.__name__} has no field {cls.key} to be ordered by")
        EVENTS[cls.type] = cls

    @property
    def ordering_key(self) -> str:
        """Return the Kafka key: messages with the same key keep their order."""
        return str(getattr(self, self.key))

    def to_bytes(self) -> bytes:
        """Return the value as UTF-8 JSON; decimals as strings, moments with offset."""
        return self.model_dump_json().encode()

    @classmethod
    def from_bytes(cls, value: bytes) -> Self:
        """Read a value; raises ``pydantic.ValidationError`` where it is not this message."""
        return cls.model_validate_json(value)


EVENTS: dict[str, type[Event]] = {}
"""Every message by its type; filled by the modules ``contracts.<service>.v1``."""
