import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { onnx } from '../../src/engine/formats/onnx.ts';
import { subgraph, withWeights } from '../../src/engine/graph/cut.ts';
import { constantTensor, type ModelGraph } from '../../src/engine/graph/modelGraph.ts';
import { AttributeProtoSchema, GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, StringStringEntryProtoSchema, type AttributeProto, type ModelProto, type StringStringEntryProto, type TensorProto } from '../../src/engine/graph/onnx_pb.ts';
import { decodeTensor, encodeTensor, float16ToNumber, numberToFloat16, toFloat32, type Tensor } from '../../src/engine/graph/tensor.ts';
import { onnxFixtures, type ModelFixture } from '../fixtures/fixtures.ts';
import { hashesBelow, sha256, smallModel, temporaryFolder, writeModel, writeText } from './engineHarness.ts';

const known = onnxFixtures().filter((fixture) => fixture.output !== null);

function assertClose(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(got.length, wanted.length, `${what}: number of values`);
  for (let at = 0; at < wanted.length; at++) assert.ok(Math.abs(got[at]! - wanted[at]!) <= tolerance, `${what}: value ${at} is ${got[at]!}, not ${wanted[at]!}`);
}

const entry = (key: string, value: string): StringStringEntryProto => create(StringStringEntryProtoSchema, { key, value });
const inputOf = ({ input }: ModelFixture): Tensor => ({ type: 'float32', dims: input.shape, data: input.data });

async function answer(model: ModelProto, input: Tensor): Promise<Float32Array> {
  const session = await onnxRuntime.load(model, { threads: 1 });
  try {
    const values = await session.run({ [session.inputs[0]!]: input });
    return toFloat32(values[session.outputs[0]!]!);
  } finally {
    await session.release();
  }
}

/** What ONNX Runtime answers when it opens the file itself, with its external data. */
async function answerOfFile(path: string, input: Tensor): Promise<Float32Array> {
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const half = session.inputMetadata[0]!.isTensor && session.inputMetadata[0]!.type === 'float16';
  const values = half ? Uint16Array.from(input.data as Float32Array, numberToFloat16) : input.data as Float32Array;
  const feed = half ? new RuntimeTensor('float16', values as Uint16Array, input.dims) : new RuntimeTensor('float32', values as Float32Array, input.dims);
  const output = (await session.run({ [session.inputNames[0]!]: feed }))[session.outputNames[0]!]!;
  await session.release();
  const data = output.data as Float32Array;
  return output.type === 'float16' ? Float32Array.from(new Uint16Array(data.buffer, data.byteOffset, data.length), float16ToNumber) : data;
}

/** Every tensor that a value of the file's graph has, as the file stores it; external ones with their bytes. */
function storedTensors(path: string): Map<string, TensorProto> {
  const { graph } = fromBinary(ModelProtoSchema, readFileSync(path));
  const constants = graph!.node.flatMap((node) => {
    const tensor = constantTensor(node);
    return tensor ? [[node.output[0]!, tensor] as const] : [];
  });
  const tensors = new Map([...graph!.initializer.map((tensor) => [tensor.name, tensor] as const), ...constants]);
  for (const tensor of tensors.values()) {
    const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
    if (tensor.dataLocation !== 1) continue;
    const offset = Number(entries.get('offset') ?? 0);
    const bytes = readFileSync(join(dirname(path), entries.get('location')!));
    tensor.rawData = Uint8Array.from(bytes.subarray(offset, entries.has('length') ? offset + Number(entries.get('length')) : undefined));
  }
  return tensors;
}

/** A tensor's stored data and nothing of where they lie. */
const dataOf = ({ dims, dataType, rawData, floatData, doubleData, int32Data, int64Data }: TensorProto): unknown => ({ dims, dataType, raw: Buffer.from(rawData).toString('base64'), floatData, doubleData, int32Data, int64Data });

/** A copy of a fixture's files in a folder of its own. */
function copyOf(fixture: ModelFixture, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, basename(fixture.file));
  copyFileSync(fixture.file, path);
  for (const file of [`${basename(fixture.file)}.data`, `${fixture.name}-data`]) {
    try {
      cpSync(join(dirname(fixture.file), file), join(folder, file), { recursive: true });
    } catch (error) {
      // Most fixtures keep their weights inside.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return path;
}

/** New values of a weight: the old ones, moved. */
function moved(graph: ModelGraph, name: string): Float32Array {
  return toFloat32(graph.constant(name)!).map((value, index) => value * 1.25 + 0.01 * ((index % 7) - 3));
}

describe('ONNX', () => {
  describe('read', () => {
    for (const fixture of known) {
      it(`${fixture.name}: ${fixture.what}`, async () => {
        const graph = await onnx.read(fixture.file);
        assert.equal(graph.format, 'onnx');
        assert.ok(graph.origins.size > 0, 'no weights were found');
        for (const [name] of graph.origins) assert.ok(['float32', 'float64'].includes(graph.constant(name)!.type), name);
        assertClose(await answer(graph.model, inputOf(fixture)), fixture.output!.data, 1e-4, fixture.name);
      });
    }

    it('opens operator sets from 9 to 21', async () => {
      const versions = await Promise.all(known.map(async (fixture) => (await onnx.read(fixture.file)).opset()));
      assert.deepEqual([Math.min(...versions), Math.max(...versions) >= 21], [9, true]);
    });

    it('names the file that holds each external weight', async () => {
      const graph = await onnx.read(known.find(({ name }) => name === 'external-files')!.file);
      const folder = dirname(graph.path);
      assert.deepEqual(graph.files.map((file) => file.slice(folder.length + 1)).sort(), ['external-files-data/onnx__Conv_36', 'external-files-data/onnx__Conv_39', 'external-files-data/onnx__Conv_42', 'external-files.onnx']);
    });
  });

  describe('write', () => {
    const folder = temporaryFolder();
    for (const fixture of known) {
      it(`${fixture.name}: one weight changes, nothing else`, async () => {
        const path = copyOf(fixture, join(folder, fixture.name));
        const before = hashesBelow(dirname(path));
        const graph = await onnx.read(path);
        const name = [...graph.origins.keys()].at(-1)!;
        const changed = new Map([[name, moved(graph, name)]]);
        const output = join(dirname(path), 'changed.onnx');
        const files = await onnx.write(graph, changed, { 'model-stability.test': 'yes' }, output);

        const after = hashesBelow(dirname(path));
        for (const [file, hash] of Object.entries(before)) assert.equal(after[file], hash, `${file} was touched`);
        assert.deepEqual(Object.keys(after).filter((file) => !(file in before)), files.map((file) => basename(file)).sort());

        const [left, right] = [fromBinary(ModelProtoSchema, readFileSync(path)), fromBinary(ModelProtoSchema, readFileSync(output))];
        const skeleton = ({ graph: inner, metadataProps, ...model }: ModelProto): unknown => ({ ...model, graph: { ...inner, initializer: [], node: inner!.node.map(({ attribute, ...node }) => ({ ...node, attribute: attribute.map(({ t, ...rest }) => rest) })) } });
        assert.deepEqual(skeleton(right), skeleton(left));
        assert.deepEqual(right.metadataProps.map(({ key, value }) => [key, value]), [...left.metadataProps.map(({ key, value }) => [key, value]), ['model-stability.test', 'yes']]);

        const [old, fresh] = [storedTensors(path), storedTensors(output)];
        assert.deepEqual([...fresh.keys()], [...old.keys()]);
        for (const [key, tensor] of old) {
          if (key === name) assert.equal(fresh.get(key)!.dataType, tensor.dataType, 'the stored type changed');
          else assert.deepEqual(dataOf(fresh.get(key)!), dataOf(tensor), `${key} changed`);
        }
        const half = old.get(name)!.dataType === 10;
        const wanted = half ? changed.get(name)!.map((value) => float16ToNumber(numberToFloat16(value))) : changed.get(name)!;
        assert.deepEqual(toFloat32(decodeTensor(fresh.get(name)!)), wanted, 'the weight did not arrive');

        const whole = subgraph(graph, [], [graph.outputs[0]!.name]);
        const expected = await answer(withWeights(whole, new Map([[name, wanted]])), inputOf(fixture));
        const halfInput = left.graph!.input.some((value) => value.type?.tensorType?.elemType === 10);
        assertClose(await answerOfFile(output, inputOf(fixture)), expected, halfInput ? 2e-2 : 1e-5, 'ONNX Runtime on the new file');
        const original = await answer(whole, inputOf(fixture));
        assert.ok(expected.some((value, at) => Math.abs(value - original[at]!) > 1e-3), 'the weight has no effect, so that the test shows nothing');
      });
    }

    it('keeps fields that this program does not know, wherever they stand', async () => {
      // Field 500, a string: no version of onnx.proto has it.
      const unknown = (text: string): Uint8Array => Uint8Array.of(0xa2, 0x1f, text.length, ...Buffer.from(text));
      const model = smallModel();
      const node = model.graph!.node[0]!;
      const attach = (message: { $unknown?: unknown }, text: string): void => void (message.$unknown = [{ no: 500, wireType: 2, data: Uint8Array.of(text.length, ...Buffer.from(text)) }]);
      attach(node, 'in-node');
      attach(model.graph!.initializer[0]!, 'in-weight');
      const path = writeText(join(folder, 'unknown.onnx'), Buffer.concat([toBinary(ModelProtoSchema, model), unknown('at-the-end')]));
      const graph = await onnx.read(path);
      const output = join(folder, 'unknown-changed.onnx');
      await onnx.write(graph, new Map([['conv.weight', moved(graph, 'conv.weight')]]), {}, output);
      const bytes = readFileSync(output).toString('latin1');
      for (const text of ['in-node', 'in-weight', 'at-the-end']) assert.ok(bytes.includes(text), `${text} was lost`);
    });

    it('writes the weight of a Constant node whose bytes lie in an external file', async () => {
      const model = smallModel();
      const weight = model.graph!.initializer.find(({ name }) => name === 'head.weight')!;
      const bytes = Buffer.from(weight.rawData);
      const tensor = { ...weight, name: '', rawData: new Uint8Array(), dataLocation: 1, externalData: [entry('location', 'head.bin'), entry('checksum', 'abc')] };
      const constant = create(NodeProtoSchema, { opType: 'Constant', output: ['head.weight'], attribute: [create(AttributeProtoSchema, { name: 'value', type: 4, t: tensor })] });
      Object.assign(model.graph!, { node: [constant, ...model.graph!.node], initializer: model.graph!.initializer.filter((each) => each !== weight) });
      const inside = join(folder, 'constant');
      writeText(join(inside, 'head.bin'), bytes);
      const path = writeModel(join(inside, 'm.onnx'), model);
      const graph = await onnx.read(path);
      assert.equal(graph.origins.get('head.weight')!.file, join(inside, 'head.bin'));
      const values = moved(graph, 'head.weight');
      const output = join(inside, 'out.onnx');
      await onnx.write(graph, new Map([['head.weight', values]]), {}, output);
      assert.deepEqual(toFloat32((await onnx.read(output)).constant('head.weight')!), values);
      assert.deepEqual(readFileSync(join(inside, 'head.bin')), bytes);
      assert.ok(!readFileSync(output).includes('checksum'), 'a checksum that no longer holds was kept');
    });

    it('never takes the name of one of the original\'s files for a copy', async () => {
      const inside = join(folder, 'clash');
      const source = known.find(({ name }) => name === 'mobilenet-default')!;
      const model = fromBinary(ModelProtoSchema, readFileSync(source.file));
      // The original's data file bears the very name that the copy would get.
      for (const { externalData } of model.graph!.initializer) for (const entry of externalData) if (entry.key === 'location') entry.value = 'new.onnx.data';
      const path = writeModel(join(inside, 'old.onnx'), model);
      copyFileSync(`${source.file}.data`, join(inside, 'new.onnx.data'));
      const hash = sha256(join(inside, 'new.onnx.data'));
      const graph = await onnx.read(path);
      const [name] = [...graph.origins].find(([, { file }]) => file !== path)!;
      const values = moved(graph, name);
      await onnx.write(graph, new Map([[name, values]]), {}, join(inside, 'new.onnx'));
      assert.equal(sha256(join(inside, 'new.onnx.data')), hash, 'the original was overwritten');
      assert.deepEqual(toFloat32((await onnx.read(join(inside, 'new.onnx'))).constant(name)!), values);
      assert.deepEqual(toFloat32((await onnx.read(path)).constant(name)!), toFloat32(graph.constant(name)!));
    });

    it('reads and copies external tensors of inner graphs too', async () => {
      const inside = join(folder, 'inner');
      const bytes = new Uint8Array(Float32Array.of(2, 3, 4).buffer);
      const external = { ...encodeTensor('factor', { type: 'float32', dims: [3], data: new Float32Array(3) }), rawData: new Uint8Array(), dataLocation: 1, externalData: [entry('location', 'inner.bin')] };
      const model = smallModel();
      const logits = model.graph!.output[0]!;
      const branch = (name: string, initializer: TensorProto[]): AttributeProto => create(AttributeProtoSchema, {
        name, type: 5, g: create(GraphProtoSchema, { name, initializer, node: [create(NodeProtoSchema, { opType: 'Mul', input: ['logits', 'factor'], output: [`${name}-out`] })], output: [{ ...logits, name: `${name}-out` }] }),
      });
      const inline = encodeTensor('factor', { type: 'float32', dims: [3], data: Float32Array.of(1, 1, 1) });
      model.graph!.initializer.push(encodeTensor('yes', { type: 'bool', dims: [], data: Uint8Array.of(1) }));
      model.graph!.node.push(create(NodeProtoSchema, { opType: 'If', name: 'choose', input: ['yes'], output: ['chosen'], attribute: [branch('then_branch', [external]), branch('else_branch', [inline])] }));
      model.graph!.output = [{ ...logits, name: 'chosen' }];
      writeText(join(inside, 'inner.bin'), bytes);
      const path = writeModel(join(inside, 'm.onnx'), model);
      const graph = await onnx.read(path);
      assert.ok(graph.files.includes(join(inside, 'inner.bin')));
      const input: Tensor = { type: 'float32', dims: [1, 3, 8, 8], data: new Float32Array(192).fill(0.5) };
      const wanted = await answer(graph.model, input);
      mkdirSync(join(folder, 'elsewhere'));
      await onnx.write(graph, new Map(), {}, join(folder, 'elsewhere', 'm.onnx'));
      assertClose(await answerOfFile(join(folder, 'elsewhere', 'm.onnx'), input), wanted, 1e-6, 'the copy');
    });

    it('does not follow a link out of the folder', async () => {
      const inside = join(folder, 'link');
      const fixture = known.find(({ name }) => name === 'mobilenet-default')!;
      const path = writeText(join(inside, basename(fixture.file)), readFileSync(fixture.file));
      symlinkSync(`${fixture.file}.data`, `${path}.data`);
      await assert.rejects(onnx.read(path), /external data of weight .* lies outside the model's folder: mobilenet-default\.onnx\.data/);
    });
  });

  describe('float16', () => {
    // Bit patterns and values of IEEE 754 binary16.
    const patterns: [bits: number, value: number][] = [
      [0x0000, 0], [0x8000, -0], [0x3c00, 1], [0xbc00, -1], [0x4000, 2], [0xc000, -2], [0x3555, 0.333251953125], [0x7bff, 65504], [0xfbff, -65504],
      [0x0400, 2 ** -14], [0x03ff, 2 ** -14 * (1023 / 1024)], [0x0001, 2 ** -24], [0x8001, -(2 ** -24)], [0x7c00, Infinity], [0xfc00, -Infinity], [0x3c01, 1 + 2 ** -10],
    ];
    for (const [bits, value] of patterns) {
      it(`0x${bits.toString(16).padStart(4, '0')} is ${value}`, () => {
        assert.ok(Object.is(float16ToNumber(bits), value));
        assert.equal(numberToFloat16(value), bits);
      });
    }

    it('every bit pattern comes back', () => {
      for (let bits = 0; bits < 0x10000; bits++) {
        const value = float16ToNumber(bits);
        if (Number.isNaN(value)) assert.ok(Number.isNaN(float16ToNumber(numberToFloat16(value))));
        else assert.equal(numberToFloat16(value), bits, `0x${bits.toString(16)}`);
      }
    });

    it('rounds to the nearest value, ties to the even one', () => {
      for (let bits = 0; bits < 0x7bff; bits++) {
        const [low, high] = [float16ToNumber(bits), float16ToNumber(bits + 1)];
        assert.equal(numberToFloat16((low + high) / 2), bits % 2 === 0 ? bits : bits + 1, `between 0x${bits.toString(16)} and the next`);
        assert.equal(numberToFloat16(low + (high - low) * 0.49), bits);
        assert.equal(numberToFloat16(low + (high - low) * 0.51), bits + 1);
      }
      assert.deepEqual([65519.996, 65520, 1e9, -1e9, NaN].map(numberToFloat16), [0x7bff, 0x7c00, 0x7c00, 0xfc00, 0x7e00]);
    });
  });
});
