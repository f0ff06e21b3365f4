"""Bodies as they come in: nothing unknown is passed over in silence."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A request body; an unknown field is refused with its place."""

    model_config = ConfigDict(extra="forbid", frozen=True)
