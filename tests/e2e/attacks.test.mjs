// Goal: every attack of the list is refused by the running binary. `./dev attack` prints the same as a table.

import { after, before, describe } from 'node:test';

import { attacks } from './attacks/attacks.mjs';
import { closeScene, openScene } from './attacks/scene.mjs';
import { test } from './support/test.mjs';

let scene;
before(async () => {
  scene = await openScene();
});
after(() => closeScene(scene));

for (const [who, list] of Object.entries(attacks)) {
  describe(`attacks of ${who}`, () => {
    for (const [name, attack] of list) test(`${name}: refused`, () => attack(scene));
  });
}
