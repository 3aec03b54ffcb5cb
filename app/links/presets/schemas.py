"""Request and response schemas of presets; files and the command line use them too."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from app.kit.input.fields import Asked120, Asked200, Asked500, AskedText, RequestShape, Word
from app.kit.input.text import TextWrong
from app.links.presets import validation
from app.links.presets.preset import SCREENS, WIDE, Preset, PresetAccessRequest
from app.platforms import declarations

_ACCESS_REQUEST: dict[str, Any] = {
    "platform": declarations.DEFAULT_PLATFORM, "kind": "ad_account", "role": "OPERATOR",
    "reason": "To create your campaigns.",
    "required": True, "needs_events": False,
}  # fmt: skip
_QUESTION: dict[str, Any] = {
    "key": "budget", "kind": "choice", "label": "What is your monthly budget?", "choices": ["Under 5,000", "More"],
}  # fmt: skip
EXAMPLE: dict[str, Any] = {
    "name": "Brand launch", "sentence": "Run the launch campaign and read its results.",
    "access_requests": [_ACCESS_REQUEST],
    "screens": ["markets", "contacts"], "questions": [_QUESTION],
}  # fmt: skip


def _needed_kind(given: Any, info: ValidationInfo) -> Any:
    """The kind. Raises TextWrong with those of the platform if it is missing."""
    if given == "":
        raise TextWrong(validation.kind_needed(str(info.data.get("platform", ""))))
    return given


class AccessRequestFields(RequestShape):
    """One access to request."""

    @model_validator(mode="before")
    @classmethod
    def _missing_kind_is_empty(cls, given: Any) -> Any:
        return {**given, "kind": ""} if isinstance(given, dict) and "kind" not in given else given

    platform: Word = Field(declarations.DEFAULT_PLATFORM, examples=["tiktok"])
    kind: Annotated[Word, BeforeValidator(_needed_kind)] = Field(examples=["ad_account"])
    role: Word = Field(description="The least role that is sufficient.", examples=["OPERATOR"])
    reason: Asked500 = Field(
        description="The reason, as the client reads it.",
        examples=["To create your campaigns, adjust them and report on them."],
    )
    required: bool = Field(True, description="False: the client may decline it and continue.")
    needs_events: bool = Field(False, description="Pixels only: verified only once it has received events.")
    title: Asked120 | None = Field(None, description="On platform `other`: the name of the access.", examples=[None])
    steps: list[Asked500] = Field(
        default_factory=list,
        max_length=20,
        description="On platform `other`: the client's steps, in order.",
        examples=[[]],
    )


class QuestionFields(RequestShape):
    """One question of your own."""

    key: Word = Field(description="Key of the answer in responses and events.", examples=["budget"])
    kind: Literal["text", "choice", "address", "file"] = Field(
        "text", description="`address`: of a website. `file`: PDF, PNG, JPEG, CSV, text, Word or Excel up to 5 MB."
    )
    label: Asked200 = Field(examples=["What is your monthly budget?"])
    hint: AskedText = Field("", examples=["A rough figure is fine."])
    required: bool = True
    choices: list[Asked120] = Field(default_factory=list, examples=[["Under 5,000", "More"]])


class PresetFields(RequestShape):
    """Content of a preset. At most 20 access requests and 20 questions."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Asked120 = Field(examples=["Brand launch"])
    sentence: Asked500 = Field(examples=["Run the launch campaign and read its results."])
    access_requests: list[AccessRequestFields] = Field(description="The requested access, in the order of the screens.")
    screens: list[Word] = Field(
        default_factory=lambda: list(SCREENS),
        description="The screens that the client gets, of `pixels`, `markets` and `contacts`.",
        examples=[["markets", "contacts"]],
    )
    questions: list[QuestionFields] = Field(default_factory=list, description="Questions of your own.")

    def body(self) -> dict[str, Any]:
        """The body as it is stored."""
        fields = self.model_dump(include={"name", "sentence", "access_requests", "screens", "questions"})
        return {**fields, "screens": [screen for screen in SCREENS if screen in self.screens] or self.screens}


class NewPreset(PresetFields):
    """A preset of your own."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"slug": "brand-launch", **EXAMPLE}]})

    slug: Word = Field(description="Its name in URLs and on links.", examples=["brand-launch"])


class PresetAccessRequestView(BaseModel):
    """One access that a preset requests."""

    platform: str = Field(examples=["tiktok"])
    kind: str = Field(examples=["ad_account"])
    role: str = Field(examples=["OPERATOR"])
    reason: str = Field(examples=["To create your campaigns, adjust them and report on them."])
    required: bool
    needs_events: bool
    title: str | None = Field(examples=[None])
    steps: list[str] = Field(examples=[[]])
    wider_than_usual: bool = Field(description="True if it requests full control.", examples=[False])

    @classmethod
    def of(cls, access_request: PresetAccessRequest) -> "PresetAccessRequestView":
        """From the preset."""
        return cls(
            **{**vars(access_request), "steps": list(access_request.steps)},
            wider_than_usual=access_request.role == WIDE,
        )


class QuestionView(BaseModel):
    """One question of your own."""

    key: str = Field(examples=["budget"])
    kind: Literal["text", "choice", "address", "file"]
    label: str = Field(examples=["What is your monthly budget?"])
    hint: str = Field(examples=["A rough figure is fine."])
    required: bool
    choices: list[str] = Field(examples=[["Under 5,000", "More"]])


class PresetView(BaseModel):
    """Access requests and questions saved for reuse. A link keeps its version."""

    slug: str = Field(examples=["run-campaigns"])
    version: int = Field(examples=[1])
    built_in: bool = Field(description="One of Keyturn’s own.", examples=[True])
    name: str = Field(examples=["Run campaigns"])
    sentence: str = Field(examples=["Create and run ads and read their results."])
    access_requests: list[PresetAccessRequestView]
    screens: list[str] = Field(examples=[["pixels", "markets", "contacts"]])
    questions: list[QuestionView]

    @classmethod
    def of(cls, preset: Preset) -> "PresetView":
        """From the preset."""
        return cls(
            slug=preset.slug,
            version=preset.version,
            built_in=preset.built_in,
            name=preset.name,
            sentence=preset.sentence,
            access_requests=[PresetAccessRequestView.of(access_request) for access_request in preset.access_requests],
            screens=list(preset.screens),
            questions=[QuestionView(**{**vars(each), "choices": list(each.choices)}) for each in preset.questions],
        )


class PresetUseView(BaseModel):
    """Active links and open public links that keep a version of a preset."""

    model_config = ConfigDict(from_attributes=True)

    active_links: int = Field(examples=[3])
    public_links: int = Field(examples=[1])
