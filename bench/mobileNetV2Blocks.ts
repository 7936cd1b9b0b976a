/** An inverted residual block of MobileNetV2: channels that come in, inside and go out, the stride of its depthwise convolution. */
export interface Block {
  input: number;
  /** Equal to `input` where the block has no expanding convolution. */
  hidden: number;
  output: number;
  stride: number;
}

/** Table 2 of Sandler et al., CVPR 2018: expansion factor, channels, repetitions, stride of the first one. */
const stages = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]] as const;

/** The 17 blocks between the first convolution (32 channels) and the last one (1280). */
export const blocks: readonly Block[] = stages.reduce<Block[]>((made, [expansion, output, repetitions, stride]) => {
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const input = made.at(-1)?.output ?? 32;
    made.push({ input, hidden: input * expansion, output, stride: repetition === 0 ? stride : 1 });
  }
  return made;
}, []);
