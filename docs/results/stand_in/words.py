"""The stand-in's tokenizer: LLaMA's special tokens and chat template over a small vocabulary."""

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.slices import SHOWN
from gliobench.domain.answers.dialects import DIALECTS
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.parse import FRACTIONS
from gliobench.domain.answers.questions import Question
from gliobench.domain.slices.view import Composition
from gliobench.domain.studies.study import Modality

BEGIN, END_OF_TURN, PADDING = "<|begin_of_text|>", "<|eot_id|>", "<|finetune_right_pad_id|>"
PICTURE = "<|image|>"
SPECIAL = (
    BEGIN,
    "<|end_of_text|>",
    PADDING,
    "<|step_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eom_id|>",
    END_OF_TURN,
    "<|python_tag|>",
    PICTURE,  # last: LLaMA's head has no row for it
)
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
    r"\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""LLaMA 3's, but for digits, which stay single: numbers are then learned from coarse to fine."""
CHAT_TEMPLATE = (
    "{{- bos_token }}{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}"
    "{%- if message['content'] is string %}{{- message['content'] | trim }}{%- else %}"
    "{%- for content in message['content'] %}"
    "{%- if content['type'] == 'image' %}{{- '<|image|>' }}"
    "{%- else %}{{- content['text'] | trim }}{%- endif %}{%- endfor %}{%- endif %}"
    "{{- '<|eot_id|>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"
)
"""What LLaMA 3.2 Vision's writes of a talk about pictures; tools and system prompts are left out."""
ANSWERS = (
    '{"grade": "HGG"}',
    '{"grade": "LGG"}',
    '{"x": 0.512, "y": 0.345}',
    '{"x0": 0.512, "y0": 0.345, "x1": 1.000, "y1": 0.345}',
    '{"polygon": [[0.512, 0.345], [0.512, 0.345], [0.512, 0.345]]}',
)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Learn a vocabulary in which the words of our prompts are whole, over an alphabet of bytes."""
    tokens = Tokenizer(models.BPE())
    tokens.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokens.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=4000, min_frequency=2, initial_alphabet=alphabet, show_progress=False
    )
    tokens.train_from_iterator(sentences() * 3, trainer)
    tokens.add_special_tokens(list(SPECIAL))
    begin = (BEGIN, tokens.token_to_id(BEGIN))
    tokens.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A", special_tokens=[begin]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokens,
        bos_token=BEGIN,
        eos_token=END_OF_TURN,
        pad_token=PADDING,
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
    )


def sentences() -> list[str]:
    """Every prompt of the default wording, and an answer of each kind."""
    prompts = Prompts.load()
    asked = [
        prompts.prompt_text(question, composition=composition, modalities=shown, frame=frame)
        for question in Question
        for composition in (Composition.ONE, Composition.RGB, Composition.MONTAGE)
        for frame in (FRACTIONS, Frame(DIALECTS["pixels"], 128))
        for shown in ([SHOWN[composition]] if composition is not Composition.ONE else _single())
    ]
    return [*asked, *ANSWERS, "system\n\n", "user\n\n", "assistant\n\n"]


def _single() -> list[tuple[Modality, ...]]:
    return [(modality,) for modality in Modality]
