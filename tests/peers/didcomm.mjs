// DIDComm envelopes by `didcomm-node`. Documents and secrets come with each request, as the library's own types.
import didcomm from 'didcomm-node';

const {FromPrior, Message} = didcomm;

const resolver = documents => ({resolve: async did => documents.find(({id}) => id === did) ?? null});
const holder = secrets => ({
  get_secret: async id => secrets.find(secret => secret.id === id) ?? null,
  find_secrets: async ids => ids.filter(id => secrets.some(secret => secret.id === id))
});

export async function didcommPack({message, documents, secrets, to, from = null, signBy = null, prior, ...options}) {
  const known = resolver(documents), held = holder(secrets);
  if(prior) {
    const [token] = await new FromPrior(prior.claims).pack(prior.kid, known, held);
    message = {...message, from_prior: token};
  }
  const whole = new Message(message);
  if(to) {
    return (await whole.pack_encrypted(to, from, signBy, known, held, {forward: false, ...options}))[0];
  }
  return (await whole.pack_signed(signBy, known, held))[0];
}

export async function didcommUnpack({packed, documents, secrets}) {
  const [message, metadata] = await Message.unpack(packed, resolver(documents), holder(secrets), {});
  return {message: message.as_value(), metadata};
}

export async function didcommForward({packed, to, routingKeys, documents}) {
  return Message.wrap_in_forward(packed, {}, to, routingKeys, 'A256cbcHs512EcdhEsA256kw', resolver(documents));
}

// Milliseconds of each of `count` messages; documents and secrets are warm.
export async function didcommTime({count, what, ...request}) {
  const {message, documents, secrets, to, from} = request;
  const known = resolver(documents), held = holder(secrets), packed = await didcommPack(request);
  const works = {
    pack: () => new Message(message).pack_encrypted(to, from, null, known, held, {forward: false}),
    unpack: () => Message.unpack(packed, known, held, {})
  };
  const times = [];
  for(let i = 0; i < count; i++) {
    const start = process.hrtime.bigint();
    await works[what]();
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  return times;
}
