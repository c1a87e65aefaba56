// The same work over and over in this one process, timed around each call: what the bench compares with.
import * as vc from '@digitalbazaar/vc';
import {performance} from 'node:perf_hooks';
import {signingSuite, verifyingSuites} from './suites.mjs';
import {documentLoader} from './loader.mjs';

// Each answers a function that does the work once and throws unless it succeeded.
const WORK = {
  async issue({document, ...how}) {
    const suite = await signingSuite(how);
    return () => vc.issue({credential: {...document}, suite, documentLoader});
  },
  async proof({document, suite}) {
    const {proof, ...unsecured} = document;
    const [only] = [proof].flat();
    const options = {'@context': document['@context'], ...only};
    return async () => {
      const [verifier] = verifyingSuites([suite]);
      const {verified} = await verifier.verifyProof({
        proof: options, proofSet: [options], document: {...unsecured}, documentLoader
      });
      expect(verified);
    };
  },
  async credential({document, suite, now}) {
    return async () => {
      const {verified} = await vc.verifyCredential({
        credential: document, suite: verifyingSuites([suite]), documentLoader, now
      });
      expect(verified);
    };
  },
  async whole({text, suite, now}) {
    return async () => {
      const {verified, results} = await vc.verifyCredential({
        credential: JSON.parse(text), suite: verifyingSuites([suite]), documentLoader, now
      });
      expect(verified);
      JSON.stringify({verified, results});
    };
  }
};

function expect(verified) {
  if(!verified) {
    throw new Error('the timed work failed');
  }
}

// Milliseconds of each of `repeat` calls; the tests decide about rounds, alternation and medians.
export async function time({work, repeat, ...subject}) {
  const once = await WORK[work](subject);
  const samples = [];
  for(let done = 0; done < repeat; done++) {
    const start = performance.now();
    await once();
    samples.push(performance.now() - start);
  }
  return samples;
}
