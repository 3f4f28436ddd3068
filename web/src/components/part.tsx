// A part of a page whose code is loaded when it is needed.

import { Component, type ReactNode, Suspense, useEffect } from 'react';
import { useLocation } from 'wouter';

import { Alert } from './alert';
import { Loading } from './answered';

function CannotBeShown() {
  // Back online, it is loaded again by itself, unless that would throw away what somebody types beside it.
  useEffect(() => {
    const again = () => document.querySelector('form') === null && location.reload();
    addEventListener('online', again);
    return () => removeEventListener('online', again);
  }, []);
  return (
    <Alert>
      This part of the page cannot be shown. The server may be out of reach, or newer than the page. <button type="button" className="button-plain" onClick={() => location.reload()}>Load the page again</button>
    </Alert>
  );
}

class Boundary extends Component<{ path: string; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override componentDidUpdate(previous: { path: string }) {
    if (this.state.failed && previous.path !== this.props.path) this.setState({ failed: false });
  }

  override render() {
    return this.state.failed ? <CannotBeShown /> : this.props.children;
  }
}

/** Shows `fallback` until its children are loaded; where they cannot be, says so in their place until one goes elsewhere. */
export function Part({ fallback = <Loading />, children }: { fallback?: ReactNode; children: ReactNode }) {
  const [path] = useLocation();
  return <Boundary path={path}><Suspense fallback={fallback}>{children}</Suspense></Boundary>;
}
