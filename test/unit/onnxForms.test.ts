import { create } from '@bufbuild/protobuf';
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import { onnx } from '../../src/engine/formats/onnx.ts';
import { subgraph, withWeights } from '../../src/engine/graph/cut.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { findHead } from '../../src/engine/graph/head.ts';
import { AttributeProtoSchema, FunctionProtoSchema, NodeProtoSchema, OperatorSetIdProtoSchema, type ModelProto, type NodeProto } from '../../src/engine/graph/onnx_pb.ts';
import { asStored, bfloat16ToFloat32, encodeTensor, float32ToBfloat16, toBytes, toFloat32, type Tensor } from '../../src/engine/graph/tensor.ts';
import { inspect } from '../../src/engine/inspect.ts';
import { openModel } from '../../src/engine/openModel.ts';
import { stabilize } from '../../src/engine/stabilize.ts';
import { selectWeights } from '../../src/engine/training/trainedPart.ts';
import { families, familyInput, unpackFamily, type Family } from '../fixtures/families.ts';
import { quiet, smallModel, temporaryFolder, writeModel, writePictures } from './engineHarness.ts';

const pixels: Tensor = { type: 'float32', dims: [2, 3, 8, 8], data: Float32Array.from({ length: 384 }, (_, at) => ((at * 7919) % 256) / 255) };

/** What ONNX Runtime answers when it opens the file itself. */
async function answerOfFile(path: string, input = pixels): Promise<Float32Array> {
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const output = (await session.run({ [session.inputNames[0]!]: new RuntimeTensor('float32', input.data as Float32Array, input.dims) }))[session.outputNames[0]!]!;
  await session.release();
  return output.data as Float32Array;
}

async function answer(model: ModelProto, input = pixels): Promise<Float32Array> {
  const session = await onnxRuntime.load(model, { threads: 1 });
  try {
    return toFloat32((await session.run({ [session.inputs[0]!]: input }))[session.outputs[0]!]!);
  } finally {
    await session.release();
  }
}

function assertClose(got: Float32Array, wanted: ArrayLike<number>, tolerance = 1e-4): void {
  assert.equal(got.length, wanted.length);
  got.forEach((value, at) => assert.ok(Math.abs(value - wanted[at]!) <= tolerance, `value ${at} is ${value}, not ${wanted[at]!}`));
}

const node = (opType: string, input: string[], output: string[], rest: Pick<Partial<NodeProto>, 'attribute' | 'domain' | 'name'> = {}): NodeProto => create(NodeProtoSchema, { opType, input, output, ...rest });

/** The small model whose last layers stand in functions of its own, one inside the other, with an attribute handed on. */
function withFunctions(): ModelProto {
  const model = smallModel();
  const gemm = model.graph!.node.find(({ opType }) => opType === 'Gemm')!;
  const reference = (name: string, of: string): NodeProto['attribute'] => [create(AttributeProtoSchema, { name, type: 1, refAttrName: of })];
  const opsetImport = [create(OperatorSetIdProtoSchema, { domain: '', version: 18n }), create(OperatorSetIdProtoSchema, { domain: 'own', version: 1n })];
  model.functions = [
    create(FunctionProtoSchema, { name: 'Leaky', domain: 'own', input: ['x'], output: ['y'], attribute: ['slope'], opsetImport, node: [node('LeakyRelu', ['x'], ['y'], { attribute: reference('alpha', 'slope') })] }),
    create(FunctionProtoSchema, {
      name: 'Classify', domain: 'own', input: ['x', 'w', 'b'], output: ['y'], opsetImport, attributeProto: [create(AttributeProtoSchema, { name: 'slope', type: 1, f: 0.25 })],
      node: [node('Leaky', ['x'], ['inner'], { domain: 'own', attribute: reference('slope', 'slope') }), node('Gemm', ['inner', 'w', 'b'], ['y'], { attribute: gemm.attribute })],
    }),
  ];
  model.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: 'own', version: 1n }));
  Object.assign(gemm, { opType: 'Classify', domain: 'own', attribute: [] });
  return model;
}

describe('ONNX forms', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();

  describe('functions', () => {
    it('are put in their places: the same answers as ONNX Runtime\'s on the file, and the head is found inside of them', async () => {
      const path = writeModel(join(folder, 'functions.onnx'), withFunctions());
      const graph = await onnx.read(path);
      assert.deepEqual(graph.nodes.map(({ opType }) => opType), ['Conv', 'Relu', 'GlobalAveragePool', 'Flatten', 'LeakyRelu', 'Gemm']);
      assertClose(await answer(graph.model), await answerOfFile(path), 1e-6);
      const head = findHead(graph);
      assert.ok(typeof head !== 'string', head as string);
      assert.deepEqual(head.weights, ['head.weight', 'head.bias']);
    });

    it('stay functions in the file that is written', async () => {
      const graph = await onnx.read(writeModel(join(folder, 'functions.onnx'), withFunctions()));
      const values = toFloat32(graph.constant('head.weight')!).map((value) => value * 1.5);
      const output = join(folder, 'functions-changed.onnx');
      await onnx.write(graph, new Map([['head.weight', values]]), {}, output);
      assert.ok(readFileSync(output).includes('Classify'));
      assertClose(await answerOfFile(output), await answer(withWeights(graph.model, new Map([['head.weight', values]]))), 1e-6);
    });

    const damaged: [name: string, change: (model: ModelProto) => void, message: string][] = [
      ['that call themselves', (model) => Object.assign(model.functions[0]!.node[0]!, { opType: 'Classify', domain: 'own' }), 'is damaged: the function Classify calls itself'],
      ['with fewer inputs than a call gives', (model) => void model.functions[1]!.input.pop(), 'is damaged: own.Classify logits has more inputs or outputs than its function'],
      ['that grow without bounds', (model) => {
        model.functions.push(...Array.from({ length: 40 }, (_, at) => create(FunctionProtoSchema, { name: `F${at}`, domain: 'own', input: ['x'], output: ['y'], node: [node(`F${at + 1}`, ['x'], ['z'], { domain: 'own' }), node(`F${at + 1}`, ['z'], ['y'], { domain: 'own' })] })));
        model.graph!.node.push(node('F0', ['logits'], ['more'], { domain: 'own' }));
      }, 'has functions that grow to more than 200000 nodes'],
    ];
    for (const [name, change, message] of damaged) {
      it(`${name} are refused`, async () => {
        const model = withFunctions();
        change(model);
        const path = writeModel(join(folder, 'damaged.onnx'), model);
        await assert.rejects(onnx.read(path), { name: 'UserError', message: `${path} ${message}` });
      });
    }
  });

  describe('bfloat16', () => {
    it('rounds to nearest, ties to the even one, as its definition says', () => {
      // Sign, eight bits of exponent, seven of fraction: 1 + 2⁻⁷ is the number after 1.
      const cases: [number, number][] = [[1, 0x3f80], [-2, 0xc000], [1 + 2 ** -7, 0x3f81], [1 + 2 ** -8, 0x3f80], [1 + 3 * 2 ** -8, 0x3f82], [1 + 2 ** -8 + 2 ** -20, 0x3f81], [Infinity, 0x7f80], [3.4e38, 0x7f80]];
      assert.deepEqual([...float32ToBfloat16(Float32Array.from(cases, ([value]) => value))], cases.map(([, bits]) => bits));
      assert.ok(Number.isNaN(bfloat16ToFloat32(float32ToBfloat16(Float32Array.of(NaN)))[0]));
    });

    it('weights are read as ONNX Runtime casts them, and written back as bfloat16', async () => {
      const model = smallModel();
      const weight = model.graph!.initializer.find(({ name }) => name === 'head.weight')!;
      const values = new Float32Array(new Uint8Array(weight.rawData).buffer);
      Object.assign(weight, { name: 'half', dataType: 16, rawData: toBytes(float32ToBfloat16(values)) });
      model.graph!.node.splice(0, 0, node('Cast', ['half'], ['head.weight'], { attribute: [create(AttributeProtoSchema, { name: 'to', type: 2, i: 1n })] }));
      const path = writeModel(join(folder, 'bfloat16.onnx'), model);
      const graph = await onnx.read(path);
      assert.equal(graph.origins.get('half')!.storedType, 'bfloat16');
      assertClose(await answer(graph.model), await answerOfFile(path), 1e-6);
      const changed = asStored(values.map((value) => value * 1.25), 'bfloat16');
      const output = join(folder, 'bfloat16-changed.onnx');
      await onnx.write(graph, new Map([['half', changed]]), {}, output);
      assertClose(await answerOfFile(output), await answer(withWeights(graph.model, new Map([['half', changed]]))), 1e-6);
      assert.deepEqual(toFloat32((await onnx.read(output)).constant('half')!), changed);
    });
  });

  it('an attention mask is no weight', async () => {
    const swin = families.find(({ family, exporter }) => family === 'swin' && exporter === 'torchscript')!;
    const model = await openModel({ model: unpackFamily(swin, folder) });
    assert.ok(typeof model.head !== 'string');
    for (const name of selectWeights(model.graph, model.head, 'all')) assert.ok(toFloat32(model.graph.constant(name)!).some((value) => value > -50 && value !== 0), `${name} is a mask`);
    // The same with a mask that is an initializer of its own.
    const graph = new GraphBuilder();
    const flat = graph.op('Flatten', [graph.op('GlobalAveragePool', [graph.input('pixels', 'float32', ['batch', 3, 8, 8])])]);
    const masked = graph.op('Add', [flat, graph.weight('mask', { type: 'float32', dims: [1, 3], data: Float32Array.of(0, -100, 0) })]);
    graph.output(graph.op('MatMul', [graph.op('Softmax', [masked], { axis: 1 }), graph.weight('w', { type: 'float32', dims: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) })]), 'float32', ['batch', 2]);
    assert.deepEqual([...(await onnx.read(writeModel(join(folder, 'mask.onnx'), graph.build()))).origins.keys()], ['w']);
  });

  it('nodes out of order are put in order', async () => {
    const model = smallModel();
    const wanted = await answer(model);
    model.graph!.node.reverse();
    assertClose(await answer((await onnx.read(writeModel(join(folder, 'reversed.onnx'), model))).model), wanted, 1e-6);
  });

  describe('graphs that cannot be are refused', () => {
    const cases: [name: string, change: (graph: NonNullable<ModelProto['graph']>) => void, message: string][] = [
      ['a circle', ({ node: [first] }) => void (first!.input[0] = 'logits'), 'is damaged: Conv conv reads what is computed from its own output'],
      ['a value from nowhere', ({ node: [first] }) => void (first!.input[0] = 'nothing'), 'is damaged: Conv conv reads nothing, which nothing computes'],
      ['a value made twice', (graph) => void graph.node.push(node('Relu', ['pixels'], ['conv'], { name: 'again' })), 'is damaged: conv is computed twice, the second time by Relu again'],
      ['an output from nowhere', (graph) => void (graph.output[0]!.name = 'nothing'), 'is damaged: nothing computes its output nothing'],
      ['a node without an operator', ({ node: [first] }) => void (first!.opType = ''), 'is damaged: node conv has no operator'],
      ['an input without a type', (graph) => void (graph.input[0]!.type!.tensorType!.elemType = 0), ': element type 0 is not supported: it is that of pixels'],
      ['an unknown type of a weight', (graph) => void graph.initializer.push({ ...encodeTensor('x', { type: 'float32', dims: [0], data: new Float32Array() }), dataType: 99 }), 'is damaged: tensor x has element type 99, which there is not'],
    ];
    for (const [name, change, message] of cases) {
      it(name, async () => {
        const model = smallModel();
        change(model.graph!);
        const path = writeModel(join(folder, 'wrong.onnx'), model);
        await assert.rejects(onnx.read(path), { name: 'UserError', message: `${path}${message.startsWith(':') ? '' : ' '}${message}` });
      });
    }
  });

  describe('quantised', () => {
    const source = join(import.meta.dirname, '../fixtures/onnx/quantized');
    const entries = JSON.parse(readFileSync(join(source, 'quantized.json'), 'utf8')) as (Pick<Family, 'shape' | 'answers'> & { form: string })[];
    const unpack = (form: string): string => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${form}.onnx`), gunzipSync(readFileSync(join(source, `${form}.onnx.gz`))));
      return join(folder, `${form}.onnx`);
    };
    /** Layers as the quantisation tool names them; the first that holds integers is named. */
    const layers: Record<string, RegExp> = { qdq: /Gemm /, qoperator: /QGemm /, dynamic: /MatMulInteger / };

    for (const { form, shape, answers } of entries) {
      it(`${form}: answers as ONNX Runtime does in Python, is evaluated, and says what stabilizing needs`, async () => {
        const path = unpack(form);
        const { graph, output, featureLayer, head, classes } = await openModel({ model: path });
        assert.ok(typeof head !== 'string', head as string);
        assert.equal(classes, 5);
        assert.notEqual(featureLayer, output);
        assertClose(await answer(subgraph(graph, [], [output]), familyInput({ shape } as Family)), answers.flat(), 1e-4);
        const images = await writePictures(join(folder, 'pictures'), ['a/1.png', 'b/1.png', 'b/2.png']);
        const evaluation = await evaluate({ model: path, images, run: join(folder, `${form}-run`), threads: 1 }, quiet());
        assert.equal(evaluation.images.evaluated, 3);
        const reason = (await inspect({ model: path })).trainable as string;
        assert.match(reason, layers[form]!);
        assert.match(reason, /^its layers hold their weights as integers \(.*\), which training cannot change: stabilize the model with floating-point weights that it was made from, and quantise the result$/);
        await assert.rejects(stabilize({ model: path, images, run: join(folder, `${form}-stabilize`) }, quiet()), { name: 'UserError', message: `${path} cannot be stabilized: ${reason}` });
      });
    }
  });
});
