import type { Engine, Session } from '../engines/engine.ts';
import { subgraph } from '../graph/cut.ts';
import type { ModelGraph } from '../graph/modelGraph.ts';
import { copyMessage } from '../graph/copyMessage.ts';
import { create } from '@bufbuild/protobuf';
import { GraphProtoSchema, ModelProtoSchema, ValueInfoProtoSchema, type ModelProto } from '../graph/onnx_pb.ts';
import { toFloat32, type Tensor } from '../graph/tensor.ts';
import { namingFile } from '../inference/network.ts';
import { UserError } from '../job.ts';

/** Largest difference that rounding explains, in parts of the largest value (of 1, where that is smaller). */
const tolerance = 1e-3;

interface Parts {
  graph: ModelGraph;
  fixed: ModelProto;
  /** The trained part with its inputs declared. */
  forward: ModelProto;
  /** The model's input: some real pictures. */
  input: Record<string, Tensor>;
  /** The value of the whole model that is logits, and what the trained part calls it. */
  logits: { whole: string; part: string };
  engine: Engine;
  threads: number;
}

/**
 * Holds the two parts of a cut model, one after the other, against the whole of it.
 *
 * @throws UserError that names the file, and the first value that differs
 */
export async function checkForward(parts: Parts): Promise<void> {
  return namingFile(parts.graph.path, () => check(parts));
}

async function check(parts: Parts): Promise<void> {
  const { graph, fixed, forward, input, logits, engine, threads } = parts;
  const cut = await run(engine, threads, fixed, input);
  const [got, wanted] = [await run(engine, threads, forward, cut), await run(engine, threads, subgraph(graph, [], [logits.whole]), input)];
  if (agree(got[logits.part]!, wanted[logits.whole] ?? Object.values(wanted)[0]!)) return;
  // The trained part has a model's own names for its values, as far as it was not brought to a newer operator set.
  const known = new Set(graph.nodes.flatMap((node) => node.output));
  const names = [...Object.keys(cut), ...forward.graph!.node.flatMap((node) => node.output)].filter((name) => known.has(name));
  const whole = await run(engine, threads, subgraph(graph, [], [...new Set(names)]), input);
  const part = { ...cut, ...await run(engine, threads, withOutputs(forward, names.filter((name) => !(name in cut))), cut) };
  const first = names.find((name) => whole[name] && part[name] && isFloat(whole[name]) && !agree(part[name], whole[name])) ?? logits.whole;
  throw new UserError(`${graph.path} cannot be stabilized: its trained part does not compute what the whole model does, first at the value ${first}`);
}

async function run(engine: Engine, threads: number, model: ModelProto, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const session: Session = await engine.load(model, { threads });
  try {
    return await session.run(Object.fromEntries(session.inputs.map((name) => [name, feeds[name]!])));
  } finally {
    await session.release();
  }
}

function withOutputs(model: ModelProto, names: readonly string[]): ModelProto {
  return copyMessage(ModelProtoSchema, model, {
    graph: copyMessage(GraphProtoSchema, model.graph!, { output: names.map((name) => create(ValueInfoProtoSchema, { name })) }),
  });
}

function isFloat({ type }: Tensor): boolean {
  return type === 'float32' || type === 'float64' || type === 'float16';
}

function agree(a: Tensor, b: Tensor): boolean {
  const [left, right] = [toFloat32(a), toFloat32(b)];
  const scale = right.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  // Written so that a value that is no number does not agree with anything.
  return left.length === right.length && left.every((value, index) => Math.abs(value - right[index]!) <= tolerance * scale);
}
