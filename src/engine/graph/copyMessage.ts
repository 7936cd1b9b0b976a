import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf';

/**
 * A shallow copy of a message with some fields changed; unknown fields come along. Spreading a message would lose its
 * prototype, on which the defaults of unset fields stand, and `create` gives a spread message back as it is.
 */
export function copyMessage<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>, changes: Partial<MessageShape<Desc>>): MessageShape<Desc> {
  return Object.assign(create(schema), message, changes);
}
