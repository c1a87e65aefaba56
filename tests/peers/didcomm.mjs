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

// Seconds for `count` messages each way, after as many that are not counted.
export async function didcommTime({count, ...request}) {
  const packed = await didcommPack(request);
  const timed = async work => {
    for(let i = 0; i < count; i++) {
      await work();
    }
    const start = process.hrtime.bigint();
    for(let i = 0; i < count; i++) {
      await work();
    }
    return Number(process.hrtime.bigint() - start) / 1e9;
  };
  return {
    pack: await timed(() => didcommPack(request)),
    unpack: await timed(() => didcommUnpack({...request, packed}))
  };
}
